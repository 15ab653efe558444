# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The card as one HTML file that asks for nothing else: styles and plots are inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .ceilings_plot import pass_curves
from .pages import TEMPLATES, environment, source_text
from .plots import DOTS_DRAWN, drawn, endings, pass_rates, speeds, tokens_and_turns
from .words import ENDINGS

# More squares than a page is good for; the counts stay, and the JSON has every trial.
TRIALS_SHOWN = 2000


def render_html(card: Mapping[str, Any]) -> str:
    """The whole card as an HTML page."""
    from markupsafe import Markup

    plots = {"pass_rates": pass_rates, "endings": endings, "tokens_and_turns": tokens_and_turns, "speeds": speeds,
             "ceilings": pass_curves}  # fmt: skip
    seen = {ending for row in card["cells"] for ending in row["endings"]}
    shown = len(card["trials"]) <= TRIALS_SHOWN
    page = (
        environment(autoescape=True)
        .get_template("card.html.j2")
        .render(
            card=card,
            source=source_text(card["model"]["source"]),
            lead=next((row for row in card["cells"] if row["id"] == card["recommendation"]["cell"]), None),
            trials={trial["id"]: trial for trial in card["trials"]} if shown else {},
            grid={row["id"]: {one["canary"]: one for one in row["canaries"]} for row in card["cells"]},
            drawn=len(drawn(card)),
            sampled=", or of very many an even share" if len(card["trials"]) > DOTS_DRAWN else "",
            legend=[name for name in ENDINGS if name in seen],
            style=style(),
            # Markup: drawn by us, and matplotlib escapes the labels in it.
            plots={name: Markup(draw(card)) for name, draw in plots.items()},
        )
    )
    return one_line_per_cent(str(page))


def style() -> Any:
    """The styles of every page, to stand inside it."""
    from markupsafe import Markup

    return Markup((TEMPLATES / "card.css").read_text(encoding="utf-8"))


def one_line_per_cent(page: str) -> str:
    """A number and its per-cent sign stay on one line."""
    return page.replace(" %", "\u00a0%")
