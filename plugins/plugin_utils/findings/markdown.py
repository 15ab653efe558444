# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The card as Markdown: what goes into a merge request or a wiki."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .pages import environment, source_text


def render_markdown(card: Mapping[str, Any]) -> str:
    """The whole card as Markdown text."""
    template = environment(autoescape=False).get_template("card.md.j2")
    grid = {row["id"]: {one["canary"]: one for one in row["canaries"]} for row in card["cells"]}
    source = source_text(card["model"]["source"])
    return str(template.render(card=card, cell=cell_text, grid=grid, source=source))


def cell_text(value: object) -> str:
    """A table cell: no bar or line break of the content ends it."""
    return str(value).replace("|", "\\|").replace("\n", " ")
