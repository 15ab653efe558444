# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison as Markdown and as one HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .html import one_line_per_cent, style
from .markdown import cell_text
from .pages import environment
from .words import VERDICTS


def render_comparison_html(page: Mapping[str, Any]) -> str:
    template = environment(autoescape=True).get_template("comparison.html.j2")
    return one_line_per_cent(str(template.render(page=page, style=style(), **_said(page))))


def render_comparison_markdown(page: Mapping[str, Any]) -> str:
    template = environment(autoescape=False).get_template("comparison.md.j2")
    return str(template.render(page=page, cell=cell_text, **_said(page)))


def comparison_headline(page: Mapping[str, Any]) -> str:
    """The first line of the table, in words: what a decision would look at first."""
    first = page["lines"][0] if page["lines"] else None
    if first is None or first["cell"] is None:
        return "no model has a counted trial"
    verdicts = dict.fromkeys(f"{VERDICTS[one['verdict']]} for {one['duty']}" for one in first["duties"])
    return f"{first['model']} comes first" + (f": {', '.join(verdicts)}" if verdicts else "")


def _said(page: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "headline": comparison_headline(page),
        "costs": any(cell["cost"] for cell in page["measured"]["cells"].values()),
        "made_of": list(page["measured"]["made_of"].values()),
    }
