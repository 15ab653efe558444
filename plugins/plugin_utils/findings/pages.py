# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Jinja environment both pages are written with: templates of this room, numbers worded by `words`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from . import ceilings, costs, words

TEMPLATES = Path(__file__).parent / "templates"
FILTERS = (
    "percent", "interval", "rate_text", "number", "spread_text", "size", "parameters", "short", "plain", "settings",
    "plural", "listing", "left_out_text", "share", "against", "numbers_text",
    "smoke_text", "points", "change_notes",
)  # fmt: skip


@cache
def environment(autoescape: bool) -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.filters.update({name: getattr(words, name) for name in FILTERS})
    pages.filters.update(cost_text=costs.cost_text, money=costs.money)
    pages.globals.update(VERDICTS=words.VERDICTS, ENDINGS=words.ENDINGS, LEFT_OUT=words.LEFT_OUT, CHANGES=words.CHANGES)
    pages.globals.update(
        CEILING_VERDICTS=ceilings.VERDICTS, CEILING_LIMITS=ceilings.LIMITS, raise_text=ceilings.raise_text
    )
    return pages


def source_text(source: object) -> str:
    """Where a model file comes from, in one line."""
    if isinstance(source, dict):
        return ", ".join(f"{kind} {_one(value)}" for kind, value in source.items())
    return str(source) if source else words.NONE


def _one(value: object) -> str:
    if isinstance(value, dict):
        shown = [str(value[key]) for key in ("package", "version", "repo", "file") if value.get(key)]
        return " ".join(shown) or words.settings(value)
    return str(value)
