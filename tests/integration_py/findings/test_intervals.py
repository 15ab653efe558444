# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intervals and tests against published values and against brute force."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, fisher_exact

from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import intervals

COUNTS = st.integers(1, 60).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


def test_wilson_of_three_in_three() -> None:
    """The value every harness should print beside 3/3."""
    rate = intervals.proportion(3, 3)
    assert (rate["rate"], rate["high"]) == (1.0, 1.0)
    assert rate["low"] == pytest.approx(0.4385, abs=1e-4)


def test_no_trial_has_no_rate() -> None:
    assert intervals.proportion(0, 0) == {"count": 0, "of": 0, "rate": None, "low": None, "high": None}


@given(COUNTS)
def test_an_interval_holds_its_rate_and_mirrors(counts: tuple[int, int]) -> None:
    passed, trials = counts
    rate, mirror = intervals.proportion(passed, trials), intervals.proportion(trials - passed, trials)
    assert 0 <= rate["low"] <= rate["rate"] <= rate["high"] <= 1
    assert rate["low"] == pytest.approx(1 - mirror["high"], abs=1e-5)


@given(COUNTS, st.sampled_from([0.05, 0.05 / 3, 0.005]))
def test_a_worse_truth_than_what_is_shown_gives_this_result_at_most_as_often_as_the_risk(
    counts: tuple[int, int], risk: float
) -> None:
    passed, trials = counts
    shown = intervals.shown_at_least(passed, trials, risk)
    assert shown == 0 or binom.sf(passed - 1, trials, shown * 0.999) <= risk + 1e-9
    assert intervals.shown_at_most(trials - passed, trials, risk) == pytest.approx(1 - shown)


@given(st.floats(0.2, 1.0), st.floats(0.05, 0.9))
def test_the_number_of_trials_named_would_indeed_show_it(rate: float, threshold: float) -> None:
    trials = intervals.trials_to_show(rate, threshold, 0.05)
    if trials is not None:
        passes = int(rate * trials + 1e-9)
        assert intervals.shown_at_least(passes, trials, 0.05) >= threshold
        assert intervals.shown_at_least(int(rate * (trials - 1) + 1e-9), trials - 1, 0.05) < threshold or trials == 1


def test_how_many_straight_passes_show_eighty_per_cent() -> None:
    assert intervals.trials_to_show(1.0, 0.8, 0.05) == 14
    assert intervals.trials_to_show(0.8, 0.8, 0.05) is None


@pytest.mark.parametrize(("passed", "expected"), [((3, 0), 0.10), ((4, 0), 0.029), ((5, 1), 0.048)])
def test_the_stratified_test_is_fishers_with_one_canary(passed: tuple[int, int], expected: float) -> None:
    trials = max(passed)
    p_value = intervals.stratified_p_value([(passed[0], trials, passed[1], trials)])
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
    p_value = intervals.stratified_p_value(strata)
    assert p_value is None if len(chances) == 1 else p_value == pytest.approx(expected, rel=1e-4)


def _ways(passed_in_a: int, passed: int) -> int:
    from math import comb

    return comb(passed, passed_in_a) * comb(6 - passed, 3 - passed_in_a)


def test_passes_every_time() -> None:
    assert intervals.passes_every_time(3, 3, 3) == 1
    assert intervals.passes_every_time(2, 3, 3) == 0
    assert intervals.passes_every_time(4, 5, 3) == pytest.approx(0.4)
    assert intervals.passes_every_time(2, 2, 3) is None


def test_a_spread_leaves_out_what_was_not_measured() -> None:
    assert intervals.spread([3, None, 1.0, float("nan"), 2]) == {"median": 2, "low": 1, "high": 3, "of": 3}
    assert intervals.spread([None]) is None
