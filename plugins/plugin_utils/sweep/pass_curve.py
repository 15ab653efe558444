# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The share of trials that pass within each budget, from trials that were all run under the largest.

A trial that ended for another reason than its budget passes under none of them: a competing risk, not a censored one.
Only an unresolved trial is censored: it might still have passed. The estimate is Aalen and Johansen's, with the
survival of all endings by SciPy (Kaplan and Meier's). An agent that runs long at a turn also runs up tokens, so on one
of the two axes the censoring tells something about the trial; the interval leans on no assumption about it: its lower
end takes every unresolved trial for failed, its upper end for passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..stats import proportion, tidy

if TYPE_CHECKING:
    from .ceilings import Run

MOST_POINTS = 16


def curve(tried: Sequence[Run], axis: str) -> list[dict[str, Any]]:
    """Per budget on one axis, the others lifted: observed passes, of how many, the estimated rate and its interval."""
    if not tried:
        return []
    estimate = _estimate(tried, axis)
    return [_point(tried, axis, budget, estimate) for budget in _budgets(tried, axis)]


def _budgets(tried: Sequence[Run], axis: str) -> list[int]:
    """Where the curve steps, the budget that was given, and the largest that anything is known about."""
    steps = sorted({run.end[axis] for run in tried if run.passed})
    if len(steps) > MOST_POINTS:
        steps = [steps[round(place * (len(steps) - 1) / (MOST_POINTS - 1))] for place in range(MOST_POINTS)]
    ends = {int(run.budgets[axis]) for run in tried if run.budgets.get(axis)}
    return sorted({*steps, *ends, max(run.reach(axis) for run in tried)})


def _point(tried: Sequence[Run], axis: str, budget: int, estimate: Sequence[tuple[int, float]]) -> dict[str, Any]:
    within = [run for run in tried if run.end[axis] <= budget]
    passed = sum(run.passed for run in within)
    open_ = sum(run.reading == "unresolved" for run in within)
    return {
        "budget": budget,
        "passed": passed,
        "of": len(tried),
        "rate": tidy(max((rate for at, rate in estimate if at <= budget), default=0.0)),
        "low": proportion(passed, len(tried))["low"],
        "high": proportion(passed + open_, len(tried))["high"],
    }


def _estimate(tried: Sequence[Run], axis: str) -> list[tuple[int, float]]:
    """At each pass, the estimated chance to have passed by then."""
    from scipy import stats

    open_ = [run.end[axis] for run in tried if run.reading == "unresolved"]
    ended = [run.end[axis] for run in tried if run.reading != "unresolved"]
    passes = [run.end[axis] for run in tried if run.passed]
    if not passes:
        return []
    still_going = stats.ecdf(stats.CensoredData(uncensored=ended, right=open_)).sf
    found, rate = [], 0.0
    for at in sorted(set(passes)):
        before = float(still_going.evaluate(at - 0.5))
        rate += before * passes.count(at) / sum(end >= at for end in [*ended, *open_])
        found.append((at, rate))
    return found
