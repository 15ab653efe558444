# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact tests against Fisher's, against brute force and against SciPy's own permutation test."""

from __future__ import annotations

import random
from itertools import product
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact, friedmanchisquare, norm

from ansible_collections.local_llm.lab.plugins.plugin_utils import stats

STRATA = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4)).flatmap(
        lambda trials: st.tuples(
            st.integers(0, trials[0]), st.just(trials[0]), st.integers(0, trials[1]), st.just(trials[1])
        )
    ),
    max_size=6,
)


@pytest.mark.parametrize(("passed", "expected"), [((3, 0), 0.10), ((4, 0), 0.029), ((5, 1), 0.048)])
def test_the_stratified_test_is_fishers_with_one_canary(passed: tuple[int, int], expected: float) -> None:
    trials = max(passed)
    p_value = stats.stratified_p_value([(passed[0], trials, passed[1], trials)])
    table = [[passed[0], trials - passed[0]], [passed[1], trials - passed[1]]]
    assert p_value == pytest.approx(fisher_exact(table).pvalue, rel=1e-5)
    assert p_value == pytest.approx(expected, abs=5e-3)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=3))
def test_the_stratified_test_agrees_with_counting_every_relabelling(passes: list[tuple[int, int]]) -> None:
    """Permute which of a canary's six trials belonged to which arm, for each canary alone."""
    strata = [(one, 3, two, 3) for one, two in passes]
    chances: dict[int, float] = {}
    options = []
    for one, two in passes:
        total = one + two
        ways = {k: _ways(k, total) for k in range(max(0, total - 3), min(3, total) + 1)}
        options.append([(k, count / sum(ways.values())) for k, count in ways.items()])
    for choice in product(*options):
        statistic, chance = sum(k for k, _chance in choice), 1.0
        for _k, one_chance in choice:
            chance *= one_chance
        chances[statistic] = chances.get(statistic, 0) + chance
    observed = chances[sum(one for one, _two in passes)]
    expected = sum(chance for chance in chances.values() if chance <= observed * (1 + 1e-9))
    p_value = stats.stratified_p_value(strata)
    assert p_value is None if len(chances) == 1 else p_value == pytest.approx(expected, rel=1e-4)


def _ways(passed_in_a: int, passed: int) -> int:
    return comb(passed, passed_in_a) * comb(6 - passed, 3 - passed_in_a)


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_one_sided_it_is_fishers_with_one_canary(alternative: str) -> None:
    p_value = stats.stratified_p_value([(5, 6, 2, 7)], alternative)
    assert p_value == pytest.approx(fisher_exact([[5, 1], [2, 5]], alternative=alternative).pvalue, rel=1e-5)


@given(STRATA)
def test_the_arms_and_the_order_of_canaries_are_only_names(strata: list[tuple[int, int, int, int]]) -> None:
    swapped = [(passes_b, trials_b, passes_a, trials_a) for passes_a, trials_a, passes_b, trials_b in strata]
    greater = stats.stratified_p_value(strata, "greater")
    assert greater == stats.stratified_p_value(list(reversed(strata)), "greater")
    mirrored = stats.stratified_p_value(swapped, "less")
    assert mirrored is None if greater is None else mirrored == pytest.approx(greater, rel=1e-4)


@given(STRATA, st.integers(0, 5))
def test_one_more_pass_is_never_evidence_against_an_arm(strata: list[tuple[int, int, int, int]], which: int) -> None:
    more = [
        (min(passes_a + (number == which), trials_a), trials_a, passes_b, trials_b)
        for number, (passes_a, trials_a, passes_b, trials_b) in enumerate(strata)
    ]
    before, after = (stats.stratified_p_value(one, "greater") for one in (strata, more))
    assert (after or 1.0) <= (before or 1.0) * (1 + 1e-5)


@given(STRATA)
def test_the_score_says_who_is_ahead_and_nothing_where_nothing_was_compared(
    strata: list[tuple[int, int, int, int]],
) -> None:
    swapped = [(passes_b, trials_b, passes_a, trials_a) for passes_a, trials_a, passes_b, trials_b in strata]
    assert stats.stratified_score(swapped) == pytest.approx(-stats.stratified_score(strata), abs=1e-9)
    assert stats.stratified_score([one for one in strata if not (one[1] and one[3])]) == 0


def test_the_score_is_about_the_p_value_s() -> None:
    strata = [(6, 8, 3, 8), (7, 8, 5, 8), (2, 8, 1, 8), (5, 8, 2, 8)] * 3
    p_value = stats.stratified_p_value(strata, "greater")
    assert stats.stratified_score(strata) == pytest.approx(norm.isf(p_value), abs=0.3)


def test_steadiness_is_cochran_s_q_where_nothing_is_missing() -> None:
    """Cochran's Q is Friedman's test of answers that are yes or no."""
    source = random.Random(4)
    chances = [0.2, 0.5, 0.5, 0.8, 0.4, 0.6]
    occasions = [{str(number): source.random() < chance for number, chance in enumerate(chances)} for _one in range(5)]
    friedman = friedmanchisquare(*[[occasion[str(number)] for number in range(6)] for occasion in occasions])
    assert stats.steadiness_p_value(occasions) == pytest.approx(friedman.pvalue, rel=1e-5)


def test_what_swings_from_occasion_to_occasion_is_seen_and_chance_is_not() -> None:
    names = [str(number) for number in range(8)]
    swinging = [dict.fromkeys(names[: 7 if occasion % 2 else 2], True) for occasion in range(8)]
    swinging = [dict.fromkeys(names, False) | passed for passed in swinging]
    p_value = stats.steadiness_p_value(swinging)
    assert p_value is not None and p_value < 1e-4
    source = random.Random(5)
    alarms = 0
    for _sweep in range(500):
        chances = [source.random() for _name in names]
        fair = [
            {
                name: source.random() < chance
                for name, chance in zip(names, chances, strict=True)
                if source.random() < 0.9
            }
            for _occasion in range(8)
        ]
        alarms += (stats.steadiness_p_value(fair) or 1.0) < 0.01
    assert alarms <= 12


def test_nothing_that_could_swing_is_not_unsteady() -> None:
    assert stats.steadiness_p_value([]) is None
    assert stats.steadiness_p_value([{"a": True}]) is None
    assert stats.steadiness_p_value([{"a": True}, {"a": True}, {}]) is None


def test_speeds_that_do_not_overlap_are_told_apart_and_alike_ones_are_not() -> None:
    fast, slow = [30.1, 29.8, 30.4, 30.0, 29.9, 30.2], [25.0, 25.3, 24.8, 25.1, 24.9, 25.2]
    assert stats.permutation_p_value(fast, slow) == pytest.approx(2 / comb(12, 6), rel=1e-4)
    assert stats.permutation_p_value(fast, list(reversed(fast))) == 1.0


def test_noisy_speeds_are_not_told_apart_and_the_answer_is_always_the_same() -> None:
    noisy = [20.0, 35.0, 28.0, 31.0, 22.0, 40.0, 26.0, 33.0, 24.0, 30.0]
    shifted = [value * 0.88 for value in reversed(noisy)]
    p_value = stats.permutation_p_value(noisy, shifted)
    assert p_value is not None and 0.05 < p_value < 0.5
    assert stats.permutation_p_value(list(reversed(noisy)), shifted) == p_value


def test_too_few_speeds_tell_nothing() -> None:
    assert stats.permutation_p_value([], [1.0, 2.0, 3.0, 4.0]) is None
    assert stats.permutation_p_value([1.0, None, float("nan")], [2.0]) is None


def test_the_difference_of_two_rates_has_newcombe_s_interval() -> None:
    """56 of 70 against 48 of 80, as in his paper of 1998."""
    shown = stats.difference([(56, 70, 48, 80)])
    assert shown is not None
    assert (shown["difference"], shown["low"], shown["high"]) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_each_canary_weighs_the_same_in_a_difference_and_few_trials_make_it_wide() -> None:
    even = stats.difference([(8, 8, 4, 8), (0, 8, 4, 8)])
    uneven = stats.difference([(80, 80, 40, 80), (0, 2, 1, 2)])
    assert even is not None and uneven is not None
    assert even["difference"] == uneven["difference"] == 0
    assert uneven["high"] - uneven["low"] > even["high"] - even["low"]
    assert stats.difference([(1, 1, 0, 0)]) is None
