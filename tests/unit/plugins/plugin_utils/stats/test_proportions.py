# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shares against published values, and against what the distributions say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from ansible_collections.local_llm.lab.plugins.plugin_utils import stats

COUNTS = st.integers(1, 60).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


def test_wilson_of_three_in_three() -> None:
    """The value every harness should print beside 3/3."""
    rate = stats.proportion(3, 3)
    assert (rate["rate"], rate["high"]) == (1.0, 1.0)
    assert rate["low"] == pytest.approx(0.4385, abs=1e-4)


@given(COUNTS)
def test_the_interval_is_the_one_that_scipy_gives(counts: tuple[int, int]) -> None:
    rate, scipys = stats.proportion(*counts), binomtest(*counts).proportion_ci(0.95, "wilson")
    assert (rate["low"], rate["high"]) == pytest.approx((scipys.low, scipys.high), abs=2e-6)


def test_no_trial_has_no_rate() -> None:
    assert stats.proportion(0, 0) == {"count": 0, "of": 0, "rate": None, "low": None, "high": None}


@given(COUNTS)
def test_an_interval_holds_its_rate_and_mirrors(counts: tuple[int, int]) -> None:
    passed, trials = counts
    rate, mirror = stats.proportion(passed, trials), stats.proportion(trials - passed, trials)
    assert 0 <= rate["low"] <= rate["rate"] <= rate["high"] <= 1
    assert rate["low"] == pytest.approx(1 - mirror["high"], abs=1e-5)


@given(COUNTS, st.sampled_from([0.05, 0.05 / 3, 0.005]))
def test_a_worse_truth_than_what_is_shown_gives_this_result_at_most_as_often_as_the_risk(
    counts: tuple[int, int], risk: float
) -> None:
    passed, trials = counts
    shown = stats.shown_at_least(passed, trials, risk)
    assert shown == 0 or binom.sf(passed - 1, trials, shown * 0.999) <= risk + 1e-9
    assert stats.shown_at_most(trials - passed, trials, risk) == pytest.approx(1 - shown)


@given(st.floats(0.2, 1.0), st.floats(0.05, 0.9))
def test_the_number_of_trials_named_would_indeed_show_it(rate: float, threshold: float) -> None:
    trials = stats.trials_to_show(rate, threshold, 0.05)
    if trials is not None:
        passes = int(rate * trials + 1e-9)
        assert stats.shown_at_least(passes, trials, 0.05) >= threshold - 1e-9
        fewer = stats.shown_at_least(int(rate * (trials - 1) + 1e-9), trials - 1, 0.05)
        assert fewer < threshold + 1e-9 or trials == 1


def test_how_many_straight_passes_show_eighty_per_cent() -> None:
    assert stats.trials_to_show(1.0, 0.8, 0.05) == 14
    assert stats.trials_to_show(0.8, 0.8, 0.05) is None


def test_passes_every_time() -> None:
    assert stats.passes_every_time(3, 3, 3) == 1
    assert stats.passes_every_time(2, 3, 3) == 0
    assert stats.passes_every_time(4, 5, 3) == pytest.approx(0.4)
    assert stats.passes_every_time(2, 2, 3) is None
