# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Are two arms alike: exact tests of passes stratified by canary, and a permutation test of speeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from .numbers import arrays, distributions, known, special, tidy

RESAMPLES = 9999

Alternative = Literal["two-sided", "greater", "less"]


class Stratum(NamedTuple):
    """What two arms did with one canary."""

    passes_a: int
    trials_a: int
    passes_b: int
    trials_b: int


def stratified_p_value(
    strata: Iterable[Stratum | tuple[int, int, int, int]], alternative: Alternative = "two-sided"
) -> float | None:
    """Exact conditional test that arms a and b pass alike, stratified (by canary).

    Each stratum is (passes a, trials a, passes b, trials b). Given each stratum's margins, arm a's passes are
    hypergeometric; their sum over the strata is the statistic. With one stratum this is Fisher's exact test.
    `greater`: that a passes more often than b. None when no result could have told the arms apart.
    """
    return _p_value(tuple(sorted(map(tuple, strata))), alternative)


def stratified_score(strata: Iterable[Stratum | tuple[int, int, int, int]]) -> float:
    """How many standard errors arm a is ahead (Mantel and Haenszel's score).

    Each stratum's variance is that of a rate with half a pass and half a failure added: where everything passed, it is
    small but not none. 0 where nothing can be compared.
    """
    excess = variance = 0.0
    for passes_a, trials_a, passes_b, trials_b in sorted(map(tuple, strata)):
        if trials_a and trials_b:
            passes, trials = passes_a + passes_b, trials_a + trials_b
            rate = (passes + 0.5) / (trials + 1)
            excess += passes_a - passes * trials_a / trials
            variance += trials_a * trials_b / trials * rate * (1 - rate)
    return excess / math.sqrt(variance) if variance else 0.0


def steadiness_p_value(occasions: Sequence[Mapping[str, bool]]) -> float | None:
    """Do passes swing from one occasion to the next more than chance would make them (Cochran's Q)?

    Each occasion (a replicate) says of the canaries that counted whether they passed. Where all of them counted every
    time this is Cochran's Q; where some are missing, each occasion is held against the canaries it did count. None when
    there is nothing that could swing.
    """
    rates = {}
    for canary in sorted({canary for occasion in occasions for canary in occasion}):
        results = [occasion[canary] for occasion in occasions if canary in occasion]
        rates[canary] = sum(results) / len(results)
    statistic, seen = 0.0, 0
    for occasion in occasions:
        variance = math.fsum(rates[canary] * (1 - rates[canary]) for canary in occasion)
        if variance:
            excess = math.fsum(passed - rates[canary] for canary, passed in occasion.items())
            statistic, seen = statistic + excess**2 / variance, seen + 1
    if seen < 2:
        return None
    return tidy(float(special().chdtrc(seen - 1, statistic * (seen - 1) / seen)))


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
        least, of_stratum = _shares(passes_a + passes_b, trials_a, trials_b)
        if len(of_stratum) > 1:
            chances = arrays().convolve(chances, of_stratum)
        lowest, observed = lowest + least, observed + passes_a
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
def _shares(passes: int, trials_a: int, trials_b: int) -> tuple[int, Any]:
    """How many of a stratum's passes fall to arm a when the arms are alike: the fewest, and the chances from there."""
    least, most = max(0, passes - trials_b), min(passes, trials_a)
    possible = arrays().arange(least, most + 1)
    return least, distributions().hypergeom.pmf(possible, trials_a + trials_b, passes, trials_a)
