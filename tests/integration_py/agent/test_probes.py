# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Past a ceiling, through the real path: two verdicts of one trial, each about the work as it stood."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.local_llm.lab.tests.fakes.scripted_engine import Turn, call, cut

from .test_outcomes import FIX, PUSH, SUBMIT, TESTS, WRITE, WRONG, endless

PROBING = {"probe_factor": 2}


def test_more_turns_would_have_done_it(run_trial: Any) -> None:
    record, _unused, engine = run_trial([TESTS, FIX, TESTS, PUSH, SUBMIT], "fix_sum", budgets={"turns": 3, **PROBING})
    assert (record["outcome"], record["ceiling"], record["would_pass"]) == ("failed", "turns", False)
    assert (record["turns"], len(engine.requests)) == (3, 5)
    probe = record["probe"]
    assert (probe["reads"], probe["ended"], probe["used"]["turns"]) == ("confirmed", "passed", 5)
    assert probe["used"]["generated_tokens"] > record["generated_tokens"]


def test_more_turns_make_nothing_of_a_wrong_answer(run_trial: Any) -> None:
    record, _unused, _unused = run_trial([WRONG, PUSH, SUBMIT], budgets={"turns": 2, **PROBING})
    assert record["ceiling"] == "turns"
    assert (record["probe"]["reads"], record["probe"]["ended"]) == ("capability", "failed/capability/wrong_result")


def test_what_is_pushed_in_the_probe_is_not_what_the_verdict_is_about(run_trial: Any) -> None:
    budgets = {"turns": 2, "probe_factor": 3}
    record, _unused, _unused = run_trial([WRONG, PUSH, WRITE, PUSH, SUBMIT], budgets=budgets)
    assert (record["would_pass"], record["hidden_passed"]) == (False, 0)
    assert record["probe"]["reads"] == "confirmed"
    record, trial, _unused = run_trial([WRITE, PUSH, WRONG, PUSH, SUBMIT], budgets=budgets)
    assert record["would_pass"] is True
    assert record["probe"]["reads"] == "capability"
    assert (trial.folder / "diff.patch").read_text().endswith("+Hello, world\n")


def test_a_model_that_stands_still_lacks_no_budget_one_that_moves_may(run_trial: Any) -> None:
    def still(number: int) -> Turn:
        return call("read_file", path="totals.py", end_line=number)

    record, _unused, _unused = run_trial(still, "fix_sum", budgets={"turns": 3, **PROBING})
    assert (record["probe"]["reads"], record["probe"]["ended"]) == ("capability", "failed/turns")
    record, _unused, _unused = run_trial(endless, budgets={"turns": 3, **PROBING})
    assert (record["probe"]["reads"], record["probe"]["why"]) == ("unresolved", "probe_budget")


@pytest.mark.parametrize(
    ("plan", "changes", "ceiling", "detail"),
    [
        ([cut(), cut(), WRITE, PUSH, SUBMIT], {}, "tokens", "completion"),
        ([Turn(calls=WRITE.calls, tokens=900), PUSH, SUBMIT], {}, "tokens", "budget"),
        ([WRITE, PUSH, Turn(calls=SUBMIT.calls, pause=0.2)], {"turn_seconds": 0.7}, "wall_clock", None),
    ],
    ids=["completion", "budget", "wall clock"],
)
def test_every_budget_can_be_shown_to_be_what_was_missing(
    plan: Any, changes: dict[str, Any], ceiling: str, detail: str | None, run_trial: Any
) -> None:
    record, _unused, _unused = run_trial(plan, budgets={**changes, **PROBING})
    assert (record["outcome"], record["ceiling"], record["detail"]) == ("failed", ceiling, detail), record
    assert record["probe"]["reads"] == "confirmed", record["probe"]


def test_the_window_leaves_the_question_open(run_trial: Any) -> None:
    record, _unused, _unused = run_trial([WRITE, PUSH], window_tokens=450, budgets=PROBING)
    assert (record["ceiling"], record["detail"]) == ("tokens", "context")
    assert (record["probe"]["reads"], record["probe"]["why"]) == ("unresolved", "context")


def test_an_engine_that_fails_in_the_probe_leaves_it_open_and_the_verdict_as_it_was(run_trial: Any) -> None:
    record, _unused, _unused = run_trial([WRITE, Turn(fault="die")], budgets={"turns": 1, **PROBING})
    assert (record["outcome"], record["ceiling"]) == ("failed", "turns")
    assert (record["probe"]["reads"], record["probe"]["why"]) == ("unresolved", "engine_error")


def test_a_trial_without_a_ceiling_has_no_probe(run_trial: Any) -> None:
    record, _unused, _unused = run_trial([WRITE, PUSH, SUBMIT], budgets=PROBING)
    assert (record["outcome"], record["probe"]) == ("passed", None)
