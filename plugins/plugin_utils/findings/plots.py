# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four plots of a card: pass rates, endings, tokens and turns, speed. One line per cell, the same order in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .figures import COLOURS, panel, svg
from .words import ENDINGS, number, percent

# More are no longer told apart on a page; the tables and the JSON have all.
CELLS_DRAWN = 30
DOTS_DRAWN, DOTS_OF_MORE = 1200, 240
LABEL_RISE = 0.26
MARK_DROP = 0.18
BAR_HEIGHT = 0.36


def drawn(card: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The cells to draw, in the sweep's order: of very many the recommended one, the baselines and the best."""
    rows = card["cells"]
    if len(rows) <= CELLS_DRAWN:
        return list(rows)
    first = {row["id"] for row in rows if row["baseline"] or row["id"] == card["recommendation"]["cell"]}
    ranked = sorted(rows, key=lambda row: (row["id"] not in first, -(row["pass_rate"]["rate"] or 0.0)))
    chosen = {row["id"] for row in ranked[:CELLS_DRAWN]}
    return [row for row in rows if row["id"] in chosen]


def pass_rates(card: Mapping[str, Any]) -> str:
    """Measured rate and 95 % Wilson interval per cell, with what each duty asks for."""
    rows = drawn(card)
    with panel(len(rows), above=14 if _limits(card) else 0) as (figure, (plot,)):
        plot.set_xlim(-0.015, 1.015)
        plot.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        _align_end_labels(plot)
        for limit, duties in _limits(card).items():
            plot.axvline(limit, color=COLOURS["ink"], linewidth=1.1, dashes=(4, 3))
            left = limit > 0.5
            plot.annotate(
                f"{duties} {percent(limit)}", (limit, 1), (4 if left else -4, 3), textcoords="offset points",
                xycoords=plot.get_xaxis_transform(), ha="right" if left else "left", va="bottom", fontsize=10.5,
                color=COLOURS["muted"], annotation_clip=False,
            )  # fmt: skip
        counted = [(line + MARK_DROP, row["pass_rate"]) for line, row in enumerate(rows) if row["pass_rate"]["of"]]
        if counted:
            heights, rates = zip(*counted, strict=True)
            plot.hlines(heights, [rate["low"] for rate in rates], [rate["high"] for rate in rates], linewidth=6,
                        color=COLOURS["ink"], alpha=0.22, capstyle="round")  # fmt: skip
            plot.plot([rate["rate"] for rate in rates], heights, "o", color=COLOURS["ink"], markersize=9.5,
                      clip_on=False, markeredgecolor=COLOURS["paper"], markeredgewidth=1.2)  # fmt: skip
        for line, row in enumerate(rows):
            rate = row["pass_rate"]
            _label(plot, line, row["label"], f"{rate['count']} of {rate['of']}" if rate["of"] else "none counted")
        return svg(figure, "Pass rate per cell with its 95 % Wilson interval")


def _limits(card: Mapping[str, Any]) -> dict[float, str]:
    """Every pass rate asked for, with the duties that ask for it."""
    limits: dict[float, list[str]] = {}
    for one in card["duties"]:
        if "pass_rate" in one["wanted"] and one["duty"] not in limits.setdefault(one["wanted"]["pass_rate"], []):
            limits[one["wanted"]["pass_rate"]].append(one["duty"])
    return {limit: ", ".join(names) for limit, names in limits.items()}


def endings(card: Mapping[str, Any]) -> str:
    """How every planned trial of each cell ended, stacked, with the counts."""
    rows = drawn(card)
    most = max((row["planned"] for row in rows), default=0) or 1
    with panel(len(rows)) as (figure, (plot,)):
        plot.set_xlim(0, most)
        plot.grid(False)
        plot.xaxis.set_major_locator(_ticks(6, whole=True))
        _align_end_labels(plot)
        starts = [0] * len(rows)
        for name in ENDINGS:
            counts = [row["endings"].get(name, 0) for row in rows]
            _segments(plot, starts, counts, name, most)
            starts = [start + count for start, count in zip(starts, counts, strict=True)]
        for line, row in enumerate(rows):
            _label(plot, line, row["label"], f"{row['recorded']} of {row['planned']} run")
        return svg(figure, "How the trials of each cell ended")


def _segments(plot: Any, starts: Sequence[int], counts: Sequence[int], name: str, most: int) -> None:
    """One kind of ending in the bars of all cells."""
    lines = [line for line, count in enumerate(counts) if count]
    if not lines:
        return
    plot.barh([line + MARK_DROP for line in lines], [counts[line] for line in lines],
              left=[starts[line] for line in lines], height=BAR_HEIGHT, color=COLOURS[name],
              edgecolor=COLOURS["paper"], linewidth=1.4)  # fmt: skip
    colour = COLOURS["muted" if name == "open" else "on_bar"]
    for line in (line for line in lines if counts[line] / most >= 0.04):
        plot.text(starts[line] + counts[line] / 2, line + MARK_DROP, str(counts[line]), ha="center",
                  va="center_baseline", color=colour, fontsize=11, fontweight="bold")  # fmt: skip


def tokens_and_turns(card: Mapping[str, Any]) -> str:
    """Generated tokens and turns of every counted trial, median marked."""
    trials = [trial for trial in card["trials"] if trial["counted"]]
    strips = [
        Strip(
            title,
            {trial["id"]: trial[name] for trial in trials},
            {row["id"]: row[name] for row in card["cells"]},
            whole=True,
        )
        for title, name in (("generated tokens per trial", "generated_tokens"), ("turns per trial", "turns"))
    ]
    return _strips(card, strips, "Generated tokens and turns of every counted trial")


def speeds(card: Mapping[str, Any]) -> str:
    """Generation speed and time to first token of every trial that ran, median marked."""
    trials, cells = card["measured"]["trials"], card["measured"]["cells"]
    columns = (("generated tokens/s", "generated_tokens_per_second"), ("seconds to first token", "ttft_seconds"))
    strips = [
        Strip(title, {key: one[name] for key, one in trials.items()}, {key: one[name] for key, one in cells.items()})
        for title, name in columns
    ]
    return _strips(card, strips, "Generation speed and time to first token of every trial")


@dataclass(frozen=True)
class Strip:
    """One column of dots: a value per trial, a spread (median, low, high) per cell."""

    title: str
    values: Mapping[str, float | None]
    spreads: Mapping[str, Mapping[str, Any] | None]
    whole: bool = False


def _strips(card: Mapping[str, Any], strips: Sequence[Strip], description: str) -> str:
    rows, trials = drawn(card), _sampled(card)
    with panel(len(rows), len(strips), below=14) as (figure, plots):
        for plot, strip in zip(plots, strips, strict=True):
            most = max((value for value in strip.values.values() if value is not None), default=0)
            plot.set_xlim(0, (most or 1) * 1.08)
            plot.xaxis.set_major_locator(_ticks(4, strip.whole))
            plot.set_xlabel(strip.title, fontsize=11.5)
            _dots(plot, [
                point
                for line, row in enumerate(rows)
                for point in _points(line, trials.get(row["id"], []), strip.values)
            ])  # fmt: skip
            spreads = [strip.spreads.get(row["id"]) for row in rows]
            shown = [(line + MARK_DROP, spread) for line, spread in enumerate(spreads) if spread]
            if shown:
                heights = [height for height, _spread in shown]
                low, middle, high = ([spread[key] for _height, spread in shown] for key in ("low", "median", "high"))
                plot.hlines(heights, low, high, color=COLOURS["ink"], linewidth=6, alpha=0.16)
                plot.vlines(middle, [height - 0.2 for height in heights], [height + 0.2 for height in heights],
                            color=COLOURS["ink"], linewidth=1.6)  # fmt: skip
            for line, (row, spread) in enumerate(zip(rows, spreads, strict=True)):
                label = row["label"] if plot is plots[0] else ""
                _label(plot, line, label, number(spread["median"] if spread else None))
        return svg(figure, description)


def _sampled(card: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Per cell its trials that ran, or of very many an even share."""
    cells: dict[str, list[Mapping[str, Any]]] = {}
    for trial in card["trials"]:
        if trial["id"] in card["measured"]["trials"]:
            cells.setdefault(trial["cell"], []).append(trial)
    if sum(map(len, cells.values())) <= DOTS_DRAWN:
        return cells
    most = max(1, DOTS_OF_MORE // len(cells))
    return {cell: trials[:: -(-len(trials) // most)] for cell, trials in cells.items()}


def _points(
    line: int, trials: Sequence[Mapping[str, Any]], values: Mapping[str, float | None]
) -> list[tuple[float, float, bool]]:
    # Spread over the line in a fixed pattern: no randomness, so the same card always looks the same.
    return [
        (value, line + MARK_DROP + 0.12 * ((position * 2) % 5 - 2) / 2, trial["ending"] == "passed")
        for position, trial in enumerate(trials)
        if (value := values.get(trial["id"])) is not None
    ]


def _dots(plot: Any, points: Sequence[tuple[float, float, bool]]) -> None:
    """Filled dots passed, hollow ones did not."""
    for passed, edge, fill in ((False, "capability", "paper"), (True, "passed", "passed")):
        dots = [(value, height) for value, height, did_pass in points if did_pass is passed]
        if dots:
            plot.plot(*zip(*dots, strict=True), "o", markersize=5.2, clip_on=False, markeredgewidth=1.2,
                      markeredgecolor=COLOURS[edge], markerfacecolor=COLOURS[fill])  # fmt: skip


def _label(plot: Any, line: int, left: str, right: str) -> None:
    """Names stand above their line: no margin to reserve, and room for long ones on a phone."""
    style = {
        "transform": plot.get_yaxis_transform(),
        "va": "center_baseline",
        "fontsize": 11.5,
    }
    plot.text(0, line - LABEL_RISE, left, ha="left", **style)
    plot.text(1, line - LABEL_RISE, right, ha="right", color=COLOURS["muted"], **style)


def _align_end_labels(plot: Any) -> None:
    labels = plot.get_xticklabels()
    if labels:
        labels[0].set_ha("left")
        labels[-1].set_ha("right")


def _ticks(most: int, whole: bool = False) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=most, integer=whole)
