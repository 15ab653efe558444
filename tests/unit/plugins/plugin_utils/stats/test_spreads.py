# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Medians with their spread: few values are shown as what they are, many by a bootstrap that repeats itself."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils import stats


def test_a_spread_leaves_out_what_was_not_measured() -> None:
    assert stats.spread([3, None, 1.0, float("nan"), 2]) == {"median": 2, "low": 1, "high": 3, "of": 3}
    assert stats.spread([None]) is None


def test_of_few_values_the_interval_is_their_range_and_says_so() -> None:
    assert stats.median_interval([4.0, None, 1.0, 2.0]) == {
        "median": 2.0, "low": 1.0, "high": 4.0, "of": 3, "how": "range",
    }  # fmt: skip
    assert stats.median_interval([None, float("nan")]) is None


@settings(max_examples=25)
@given(st.lists(st.floats(0, 1e6), min_size=5, max_size=40))
def test_a_bootstrap_holds_the_median_within_the_range_and_does_not_change(values: list[float]) -> None:
    shown = stats.median_interval(values)
    assert shown is not None and shown["how"] == "bootstrap"
    slack = 1e-5 * max(values)
    assert min(values) - slack <= shown["low"] <= shown["median"] <= shown["high"] <= max(values) + slack
    assert stats.median_interval(list(reversed(values))) == shown


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    order = random.Random(5)
    held = 0
    for _sample in range(200):
        shown = stats.median_interval(order.gauss(10, 2) for _value in range(25))
        assert shown is not None
        held += shown["low"] <= 10 <= shown["high"]
    assert 170 <= held <= 200


@pytest.mark.parametrize("count", [5, 9, 25, 26, 60])
def test_the_interval_is_what_very_many_resamples_tend_to(count: int) -> None:
    """Of an even number it may be wider by what lies between two neighbours."""
    order = random.Random(count)
    values = sorted(order.expovariate(1) for _value in range(count))
    shown = stats.median_interval(values)
    assert shown is not None
    medians = sorted(median(order.choices(values, k=count)) for _resample in range(8000))
    low, high = medians[200], medians[-201]
    below, above = (
        values[max(0, bisect_left(values, low) - 2)],
        values[min(count - 1, bisect_right(values, high) + 1)],
    )
    slack = 1e-5 * values[-1]
    assert below - slack <= shown["low"] <= low + slack
    assert high - slack <= shown["high"] <= above + slack


def test_more_values_make_a_narrower_interval() -> None:
    order = random.Random(6)
    values = [order.expovariate(1) for _value in range(20_000)]
    few, many = stats.median_interval(values[:20]), stats.median_interval(values)
    assert few is not None and many is not None
    assert many["high"] - many["low"] < few["high"] - few["low"]
    assert abs(many["median"] - median(values)) < 1e-5
