# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A matplotlib figure as a piece of a page: real text in the page's font, colours that follow light and dark.

Matplotlib knows no CSS variables, so every colour has a stand-in while drawing and becomes `var(--name)` afterwards.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

COLOURS = {
    "ink": "#010203",
    "muted": "#010204",
    "line": "#010205",
    "paper": "#010206",
    "passed": "#010207",
    "handed_over": "#010208",
    "capability": "#010209",
    "turns": "#01020a",
    "tokens": "#01020b",
    "wall_clock": "#01020c",
    "interface": "#01020d",
    "void": "#01020e",
    "open": "#01020f",
    "on_bar": "#010210",
}
WIDTH_POINTS = 400
ROW_POINTS = 44
ABOVE_POINTS = 8
BELOW_POINTS = 26
SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "local_llm.lab",
    "text.parse_math": False,
    "font.size": 11,
    "text.color": COLOURS["ink"],
    "axes.edgecolor": COLOURS["line"],
    "axes.labelcolor": COLOURS["muted"],
    "xtick.color": COLOURS["line"],
    "xtick.labelcolor": COLOURS["muted"],
    "xtick.labelsize": 11,
}


@contextmanager
def panel(rows: int, columns: int = 1, above: int = 0, below: int = 0) -> Iterator[tuple[Any, list[Any]]]:
    """A figure with one line per cell and `columns` plots side by side; without pyplot, so without global state.

    `above` and `below` are points of room for what stands outside the plots.
    """
    import matplotlib
    from matplotlib.figure import Figure

    rows = max(1, rows)  # of a model that no host serves there is none
    with matplotlib.rc_context(SETTINGS):
        above, below = above + ABOVE_POINTS, below + BELOW_POINTS
        height = rows * ROW_POINTS + above + below
        figure = Figure(figsize=(WIDTH_POINTS / 72, height / 72), facecolor="none")
        plots = list(figure.subplots(1, columns, squeeze=False, sharey=True)[0])
        figure.subplots_adjust(left=0.004, right=0.992, top=1 - above / height, bottom=below / height, wspace=0.09)
        for plot in plots:
            plot.set_facecolor("none")
            plot.set_ylim(rows - 0.5, -0.5)
            plot.yaxis.set_visible(False)
            for side in ("left", "right", "top"):
                plot.spines[side].set_visible(False)
            plot.grid(axis="x", color=COLOURS["line"], linewidth=0.6)
            plot.set_axisbelow(True)
        yield figure, plots


def svg(figure: Any, description: str) -> str:
    """The figure as an `<svg>` element to stand inside a page; called while its `panel` is open."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r" font-family: [^;\"]*;", "", text)
    text = re.sub(r"font: (bold|\d+) ([\d.]+)px [^;\"]*", r"font-weight: \1; font-size: \2px", text)
    opening = rf'<svg viewBox="\1" role="img" aria-label="{description}">'
    text = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', opening, text)
    for name, colour in COLOURS.items():
        text = text.replace(colour, f"var(--{name.replace('_', '-')})")
    return text.replace("xlink:href", "href").strip()
