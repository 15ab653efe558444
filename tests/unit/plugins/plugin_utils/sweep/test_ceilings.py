# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the records of a canary's trials to what stands in the way, and to the budgets to give."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.ceilings import AXES, Run, diagnose
from ansible_collections.local_llm.lab.tests.benchmarks import ceilings as benchmark
from ansible_collections.local_llm.lab.tests.fakes.stochastic_agents import TRUTHS, agent, record

BUDGETS = {"turns": 40, "generated_tokens": 20000, "completion_tokens": 4096, "wall_clock_seconds": 900.0}
LIMITS = {
    "turns": ("turns", None),
    "generated_tokens": ("tokens", "budget"),
    "completion_tokens": ("tokens", "completion"),
    "context_tokens": ("tokens", "context"),
    "wall_clock_seconds": ("wall_clock", None),
}


def ended(outcome: str, turns: int, tokens: int = 5000) -> Run:
    """A trial that met no ceiling."""
    ceiling = ("capability", "wrong_result") if outcome == "failed" else (None, None)
    return Run.from_record(recorded(outcome, *ceiling, turns, tokens))


def met(limit: str, reads: str, at: tuple[int, int], end: tuple[int, int], why: str | None = None) -> Run:
    used = dict(zip(AXES, end, strict=True))
    probe = {"factor": 2.0, "reads": reads, "why": why, "used": used}
    return Run.from_record(recorded("failed", *LIMITS[limit], *at) | {"probe": probe})


def recorded(outcome: str, ceiling: str | None, detail: str | None, turns: int, tokens: int) -> dict[str, Any]:
    counts = {"turns": turns, "generated_tokens": tokens, "budgets": BUDGETS}
    return {"outcome": outcome, "ceiling": ceiling, "detail": detail, **counts, "probe": None}


LATE = met("turns", "confirmed", (40, 8000), (60, 12000))
STUCK = met("turns", "capability", (40, 8000), (80, 16000))
GOING_ON = met("turns", "unresolved", (40, 8000), (80, 16000), "probe_budget")
PASSED, FAILED = ended("passed", 20), ended("failed", 10)


@pytest.mark.parametrize(
    ("tried", "verdict"),
    [
        ([LATE, STUCK, FAILED], "confirmed"),  # one pass past the ceiling is proof, whatever went wrong elsewhere
        ([PASSED, PASSED, STUCK], "fits"),  # it can, and what failed past the ceiling failed for another reason
        ([PASSED, GOING_ON, GOING_ON], "unresolved"),
        ([PASSED, FAILED, FAILED], "fits"),
        ([STUCK, STUCK, FAILED], "capability"),
        ([FAILED, FAILED, FAILED], "capability"),
        ([STUCK, STUCK], "unresolved"),  # two may both have failed by chance
        ([STUCK, STUCK, GOING_ON], "unresolved"),
        ([STUCK, STUCK, FAILED, GOING_ON], "capability"),
        ([], "unresolved"),
    ],
)
def test_the_verdict_is_of_the_canary_not_of_a_single_try(tried: list[Run], verdict: str) -> None:
    assert diagnose(tried)["verdict"] == verdict


def test_a_trial_that_was_not_let_go_on_leaves_it_open() -> None:
    found = diagnose([Run.from_record(recorded("failed", "turns", None, 40, 8000))])
    assert (found["verdict"], found["unresolved_why"]) == ("unresolved", {"not_probed": 1})


def test_many_short_turns_and_few_long_ones_are_told_apart() -> None:
    """The same turn ceiling; only where the tokens were nearly gone as well, more turns alone will not do."""
    short = diagnose([met("turns", "confirmed", (40, 6000), (60, 9000))] * 3)
    long = diagnose([met("turns", "confirmed", (40, 19000), (60, 28500))] * 3)
    assert short["met"]["turns"]["generated_tokens_share"] == 0.3
    assert long["met"]["turns"]["generated_tokens_share"] == 0.95
    assert (short["needed"]["turns"], long["needed"]["both"]) == (3, 3)
    assert short["recommended"]["changed"] == ["turns"]
    assert long["recommended"]["changed"] == ["generated_tokens", "turns"]


def test_the_limit_named_is_the_one_whose_larger_budget_passed() -> None:
    tokens = met("generated_tokens", "confirmed", (12, 20000), (18, 30000))
    found = diagnose([STUCK, STUCK, tokens])
    assert (found["verdict"], found["limit"]) == ("confirmed", "generated_tokens")
    assert diagnose([STUCK, STUCK, FAILED])["limit"] == "turns"
    assert diagnose([PASSED])["limit"] is None


def test_the_budget_has_a_margin_and_says_when_nobody_ran_under_it() -> None:
    recommended = diagnose([LATE, PASSED])["recommended"]
    assert recommended["turns"] == 75
    assert recommended["generated_tokens"] == BUDGETS["generated_tokens"]
    assert (recommended["changed"], recommended["beyond_observed"]) == (["turns"], [])
    far = diagnose([met("turns", "confirmed", (40, 8000), (78, 12000))])["recommended"]
    assert (far["turns"], far["beyond_observed"]) == (98, ["turns"])


def test_passes_that_came_near_the_budget_ask_for_more_of_it() -> None:
    recommended = diagnose([ended("passed", 38)])["recommended"]
    assert (recommended["turns"], recommended["why"]) == (48, "too_near")


@pytest.mark.parametrize("tried", [[STUCK] * 3, [GOING_ON] * 3, [PASSED] * 3])
def test_where_no_larger_budget_is_shown_to_help_none_is_asked_for(tried: list[Run]) -> None:
    recommended = diagnose(tried)["recommended"]
    assert recommended["changed"] == []
    assert {axis: recommended[axis] for axis in AXES} == {axis: BUDGETS[axis] for axis in AXES}


def test_a_reply_that_needed_to_be_longer_gets_what_it_passed_under() -> None:
    found = diagnose([met("completion_tokens", "confirmed", (9, 5000), (12, 9000))])
    assert found["limit"] == "completion_tokens"
    assert found["recommended"]["completion_tokens"] == 2 * BUDGETS["completion_tokens"]
    assert found["recommended"]["changed"] == ["completion_tokens"]


def test_a_window_that_was_full_is_no_budget() -> None:
    found = diagnose([met("context_tokens", "unresolved", (30, 9000), (30, 9000), "context")] * 3)
    assert (found["verdict"], found["limit"]) == ("unresolved", "context_tokens")


@given(st.sampled_from(TRUTHS), st.integers(1, 8), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_whatever_is_recommended_is_no_less_than_what_was_given_and_admits_what_is_not_known(
    truth: str, times: int, seed: int
) -> None:
    chance = random.Random(seed)
    one = agent(truth, chance)
    tried = [Run.from_record(record(one.budgets, one.draw(chance), chance)) for _unused in range(times)]
    found = diagnose(tried)
    assert found["passed"] + found["failed"] + sum(found["verdicts"].values()) == times
    recommended = found["recommended"]
    for axis in AXES:
        assert recommended[axis] >= getattr(one.budgets, axis)
        observed = max(run.reach(axis) for run in tried)
        assert (recommended[axis] > observed) == (axis in recommended["beyond_observed"])


def test_simulated_agents_are_diagnosed_right() -> None:
    """A small version of the benchmark, with room for chance."""
    found = benchmark.rates(benchmark.simulate(600, random.Random(7)))
    assert found["diagnosed_right_pct"] >= 88
    assert found["false_capability_pct"] <= 4
