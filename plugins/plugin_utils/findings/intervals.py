# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proportions, medians and comparisons, all of them SciPy's; nothing here knows what a trial is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

SHOWN_INTERVAL = 0.95
WRONG_ADOPTION = 0.05


@cache
def _stats() -> Any:
    from scipy import stats

    return stats


@cache
def _numpy() -> Any:
    import numpy

    return numpy


def tidy(value: float | None) -> float | None:
    """Six significant digits: more is noise, and differs in its last place from one machine to the next."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.6g}")


def proportion(successes: int, trials: int) -> dict[str, Any]:
    """A rate that cannot be shown without its count and its Wilson interval."""
    if trials == 0:
        return {"count": 0, "of": 0, "rate": None, "low": None, "high": None}
    interval = _stats().binomtest(successes, trials).proportion_ci(SHOWN_INTERVAL, "wilson")
    return {
        "count": successes,
        "of": trials,
        "rate": tidy(successes / trials),
        "low": tidy(max(0.0, float(interval.low))),
        "high": tidy(min(1.0, float(interval.high))),
    }


def shown_at_least(successes: int, trials: int, risk: float) -> float:
    """The exact lower bound: a true rate below it would give this result or a better one with less than `risk`."""
    if trials == 0:
        return 0.0
    test = _stats().binomtest(successes, trials, alternative="greater")
    return float(test.proportion_ci(1 - risk, "exact").low)


def shown_at_most(successes: int, trials: int, risk: float) -> float:
    """The exact upper bound, the mirror image of `shown_at_least`."""
    return 1.0 - shown_at_least(trials - successes, trials, risk)


def trials_to_show(rate: float, threshold: float, risk: float, most: int = 500) -> int | None:
    """How many trials in all would show `threshold` if the measured rate holds; None: more than `most`."""
    if rate <= threshold:
        return None
    numbers = _numpy().arange(1, most + 1)
    passes = _numpy().floor(rate * numbers + 1e-9)
    bounds = _stats().beta.ppf(risk, passes, numbers - passes + 1)
    enough = numbers[_numpy().nan_to_num(bounds) >= threshold]
    return int(enough[0]) if len(enough) else None


def spread(values: Iterable[float | None]) -> dict[str, Any] | None:
    """Median with the lowest and the highest: at N = 3 these are all there is to say honestly."""
    known = sorted(float(value) for value in values if value is not None and math.isfinite(float(value)))
    if not known:
        return None
    return {
        "median": tidy(float(_numpy().median(known))),
        "low": tidy(known[0]),
        "high": tidy(known[-1]),
        "of": len(known),
    }


def passes_every_time(passed: int, tried: int, times: int) -> float | None:
    """Unbiased estimate of pass^k: the chance that `times` tries drawn from these all passed."""
    if tried < times:
        return None
    return math.comb(passed, times) / math.comb(tried, times)


def stratified_p_value(strata: Sequence[tuple[int, int, int, int]]) -> float | None:
    """Two-sided exact conditional test that two arms pass alike, stratified (by canary).

    Each stratum is (passes a, trials a, passes b, trials b). Given each stratum's margins, arm a's passes are
    hypergeometric; their sum over the strata is the statistic. With one stratum this is Fisher's exact test.
    None when no result could have told the arms apart.
    """
    numpy = _numpy()
    chances, lowest, observed = numpy.array([1.0]), 0, 0
    for passes_a, trials_a, passes_b, trials_b in strata:
        if trials_a == 0 or trials_b == 0:
            continue
        passes, trials = passes_a + passes_b, trials_a + trials_b
        least, most = max(0, passes - trials_b), min(passes, trials_a)
        possible = numpy.arange(least, most + 1)
        chances = numpy.convolve(chances, _stats().hypergeom.pmf(possible, trials, passes, trials_a))
        lowest, observed = lowest + least, observed + passes_a
    if len(chances) == 1:
        return None
    at_observed = chances[observed - lowest]
    return tidy(min(1.0, float(chances[chances <= at_observed * (1 + 1e-9)].sum())))
