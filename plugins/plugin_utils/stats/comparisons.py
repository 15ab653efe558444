# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Are two arms alike: exact tests of passes stratified by canary, and a permutation test of speeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from .numbers import arrays, distributions, known, tidy

RESAMPLES = 9999

Alternative = Literal["two-sided", "greater", "less"]


class Stratum(NamedTuple):
    """What two arms did with one canary."""

    passes_a: int
    trials_a: int
    passes_b: int
    trials_b: int


class _Share(NamedTuple):
    """How many of a stratum's passes fall to arm a, when the arms are alike: from `least` on, with what chances."""

    least: int
    chances: Any
    mean: float
    variance: float


def stratified_p_value(
    strata: Iterable[Stratum | tuple[int, int, int, int]], alternative: Alternative = "two-sided"
) -> float | None:
    """Exact conditional test that arms a and b pass alike, stratified (by canary).

    Each stratum is (passes a, trials a, passes b, trials b). Given each stratum's margins, arm a's passes are
    hypergeometric; their sum over the strata is the statistic. With one stratum this is Fisher's exact test.
    `greater`: that a passes more often than b. None when no result could have told the arms apart.
    """
    return _p_value(tuple(sorted(map(tuple, strata))), alternative)


def stratified_score(strata: Iterable[Stratum | tuple[int, int, int, int]]) -> tuple[float, float]:
    """Arm a's passes beyond what it would share with an equal, and their variance (Mantel and Haenszel's)."""
    excess = variance = 0.0
    for passes_a, trials_a, passes_b, trials_b in sorted(map(tuple, strata)):
        if trials_a and trials_b:
            share = _share(passes_a + passes_b, trials_a, trials_b)
            excess += passes_a - share.mean
            variance += share.variance
    return excess, variance


def permutation_p_value(one: Iterable[float | None], two: Iterable[float | None]) -> float | None:
    """Two-sided permutation test that two samples (of speeds, say) have one mean. None for too few to tell."""
    samples = known(one), known(two)
    if not all(samples) or len(samples[0]) + len(samples[1]) < 4:
        return None
    found = distributions().permutation_test(
        samples, _difference_of_means, permutation_type="independent", vectorized=True, n_resamples=RESAMPLES, rng=0
    )
    return tidy(float(found.pvalue))


def _difference_of_means(one: Any, two: Any, axis: int) -> Any:
    return arrays().mean(one, axis=axis) - arrays().mean(two, axis=axis)


@lru_cache(maxsize=65536)
def _p_value(strata: Sequence[tuple[int, int, int, int]], alternative: Alternative) -> float | None:
    chances, lowest, observed = arrays().array([1.0]), 0, 0
    for passes_a, trials_a, passes_b, trials_b in strata:
        if trials_a == 0 or trials_b == 0:
            continue
        share = _share(passes_a + passes_b, trials_a, trials_b)
        if len(share.chances) > 1:
            chances = arrays().convolve(chances, share.chances)
        lowest, observed = lowest + share.least, observed + passes_a
    if len(chances) == 1:
        return None
    if alternative == "greater":
        as_extreme = chances[observed - lowest :]
    elif alternative == "less":
        as_extreme = chances[: observed - lowest + 1]
    else:
        as_extreme = chances[chances <= chances[observed - lowest] * (1 + 1e-9)]
    return tidy(min(1.0, float(as_extreme.sum())))


@lru_cache(maxsize=4096)
def _share(passes: int, trials_a: int, trials_b: int) -> _Share:
    least, most = max(0, passes - trials_b), min(passes, trials_a)
    possible = arrays().arange(least, most + 1)
    chances = distributions().hypergeom.pmf(possible, trials_a + trials_b, passes, trials_a)
    mean = float(chances @ possible)
    return _Share(least, chances, mean, float(chances @ (possible - mean) ** 2))
