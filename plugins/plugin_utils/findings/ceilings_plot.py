# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pass curves of a card: per canary, the share of trials that pass within each budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..sweep.ceilings import AXES
from .figures import COLOURS, panel, svg
from .words import percent

FLOOR, CURVE_HEIGHT, LABEL_RISE = 0.46, 0.6, 0.32
TITLES = {"turns": "turns (1×: as given)", "generated_tokens": "generated tokens"}


def pass_curves(card: Mapping[str, Any]) -> str:
    """One line per canary; the dashed line is the budget it was given, the band the 95 % interval."""
    canaries = [one for one in (card["ceilings"] or {}).get("canaries", []) if one["trials"]]
    if not canaries:
        return ""
    with panel(len(canaries), len(AXES), below=14) as (figure, plots):
        for plot, axis in zip(plots, AXES, strict=True):
            curves = [_scaled(one, axis) for one in canaries]
            plot.set_xlim(0, max([2.0, *(x for curve in curves for x, _rate, _low, _high in curve)]) * 1.02)
            plot.set_xticks([0, 1, 2], ["0", "1×", "2×"])
            plot.get_xticklabels()[0].set_ha("left")
            plot.set_xlabel(TITLES[axis], fontsize=11.5)
            plot.axvline(1, color=COLOURS["ink"], linewidth=1.1, dashes=(4, 3))
            for line, (one, curve) in enumerate(zip(canaries, curves, strict=True)):
                _curve(plot, line, curve)
                _label(plot, line, one["canary"] if plot is plots[0] else "", _gain(curve))
        return svg(figure, "Share of trials that pass within each budget, per canary")


def _scaled(one: Mapping[str, Any], axis: str) -> list[tuple[float, float, float, float]]:
    given = one["budgets"].get(axis)
    if not given:
        return []
    return [(point["budget"] / given, point["rate"], point["low"], point["high"]) for point in one["curve"][axis]]


def _curve(plot: Any, line: int, curve: Sequence[tuple[float, float, float, float]]) -> None:
    """Steps up where a trial passed; upwards is less on this axis, since lines count from the top."""
    if not curve:
        return
    base = line + FLOOR
    budgets = [0.0, *(budget for budget, _rate, _low, _high in curve)]
    rates, lows, highs = ([0.0, *(point[place] for point in curve)] for place in (1, 2, 3))

    def heights(shares: Sequence[float]) -> list[float]:
        return [base - CURVE_HEIGHT * share for share in shares]

    plot.fill_between(budgets, heights(lows), heights(highs), step="post", color=COLOURS["ink"], alpha=0.12,
                      linewidth=0)  # fmt: skip
    plot.plot(budgets, heights(rates), drawstyle="steps-post", color=COLOURS["ink"], linewidth=1.6)


def _gain(curve: Sequence[tuple[float, float, float, float]]) -> str:
    """`33 % → 83 %`: within the budget, and within the largest that was tried."""
    if not curve:
        return ""
    within = max((rate for budget, rate, _low, _high in curve if budget <= 1), default=0.0)
    most = curve[-1][1]
    return percent(within) if within == most else f"{percent(within)} → {percent(most)}"


def _label(plot: Any, line: int, left: str, right: str) -> None:
    style = {"transform": plot.get_yaxis_transform(), "va": "center_baseline", "fontsize": 11.5}
    if left:
        plot.text(0, line - LABEL_RISE, left, ha="left", **style)
    plot.text(1, line - LABEL_RISE, right, ha="right", color=COLOURS["muted"], **style)
