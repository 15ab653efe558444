# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pass curve: one run at the largest budget gives every smaller one, and what was never seen is not made up."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.stats import proportion
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.ceilings import AXES, ceilings
from ansible_collections.local_llm.lab.tests.fakes.stochastic_agents import TRUTHS, agent, record

BUDGETS = {"turns": 40, "generated_tokens": 20000}


def trial(reads: str, end: int, why: str | None = None) -> dict[str, Any]:
    """One that ended at a turn, at 100 tokens each; past 40 it met the turn ceiling."""
    used = {"turns": end, "generated_tokens": 100 * end}
    if reads in ("passed", "failed"):
        ceiling, detail = (None, None) if reads == "passed" else ("capability", "looping")
        return {"outcome": reads, "ceiling": ceiling, "detail": detail, **used, "budgets": BUDGETS, "probe": None}
    probe = {"factor": 2.0, "reads": reads, "why": why, "used": used}
    at = {"turns": 40, "generated_tokens": 4000}
    return {"outcome": "failed", "ceiling": "turns", "detail": None, **at, "budgets": BUDGETS, "probe": probe}


def rates(records: list[dict[str, Any]], axis: str = "turns") -> dict[int, float]:
    return {point["budget"]: point["rate"] for point in ceilings(records)["curve"][axis]}


def test_where_every_trial_is_resolved_the_curve_is_the_share_that_passed_within_each_budget() -> None:
    records = [trial("passed", 20), trial("passed", 30), trial("confirmed", 60), trial("capability", 80)]
    (at_20, at_30, at_40, at_60, at_80) = ceilings(records)["curve"]["turns"]
    assert [one["budget"] for one in (at_20, at_30, at_40, at_60, at_80)] == [20, 30, 40, 60, 80]
    assert [one["passed"] for one in (at_20, at_30, at_40, at_60, at_80)] == [1, 2, 2, 3, 3]
    for one in (at_20, at_60):
        wilson = proportion(one["passed"], 4)
        assert (one["rate"], one["low"], one["high"]) == (wilson["rate"], wilson["low"], wilson["high"])
    assert rates(records, "generated_tokens") == {2000: 0.25, 3000: 0.5, 6000: 0.75, 20000: 0.75}


def test_what_ended_otherwise_never_passes_and_what_is_unresolved_still_might() -> None:
    """Four trials, one of them out at turn 30, a pass at 20 and one at 50."""
    passes = [trial("passed", 20), trial("confirmed", 50), trial("capability", 70)]
    assert rates([*passes, trial("failed", 30)])[50] == 0.5
    # Censored at 45 with two still going: its quarter is shared between the pass at 50 and the failure at 70.
    censored = ceilings([*passes, trial("unresolved", 45, "engine_error")])["curve"]["turns"]
    at_50 = next(one for one in censored if one["budget"] == 50)
    assert at_50["rate"] == pytest.approx(0.25 + 0.75 * 0.5)
    assert (at_50["passed"], at_50["low"]) == (2, proportion(2, 4)["low"])
    assert at_50["high"] == proportion(3, 4)["high"]


def test_after_the_last_trial_was_given_up_nothing_is_known_but_its_bounds() -> None:
    last = ceilings([trial("passed", 20), trial("unresolved", 80, "probe_budget")])["curve"]["turns"][-1]
    assert (last["budget"], last["rate"], last["high"]) == (80, 0.5, 1.0)


def test_without_a_pass_the_curve_lies_on_the_floor_and_without_trials_there_is_none() -> None:
    assert rates([trial("failed", 12), trial("capability", 80)]) == {40: 0.0, 80: 0.0}
    assert ceilings([])["curve"] == {"turns": [], "generated_tokens": []}


def test_a_long_series_is_shown_in_few_points_that_keep_its_ends() -> None:
    points = ceilings([trial("passed", turn) for turn in range(1, 40)])["curve"]["turns"]
    assert len(points) < 20
    assert (points[0]["budget"], points[-1]["rate"]) == (1, 1.0)


@given(st.sampled_from(TRUTHS), st.integers(1, 8), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_curve_never_falls_and_stays_within_its_interval(truth: str, times: int, seed: int) -> None:
    chance = random.Random(seed)
    one = agent(truth, chance)
    found = ceilings([record(one.budgets, one.draw(chance), chance) for _unused in range(times)])
    for axis in AXES:
        points = found["curve"][axis]
        assert [point["rate"] for point in points] == sorted(point["rate"] for point in points)
        assert [point["budget"] for point in points] == sorted({point["budget"] for point in points})
        for point in points:
            assert point["low"] <= point["rate"] <= point["high"]
        assert points[-1]["passed"] == found["passed"] + found["verdicts"]["confirmed"]
