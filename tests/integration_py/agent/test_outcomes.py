# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every outcome the path can come to, from the wire to the graded record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.outcome import OUTCOMES as CLOSED_LIST
from ansible_collections.local_llm.lab.plugins.plugin_utils.outcome import Verdict
from ansible_collections.local_llm.lab.tests.fakes.scripted_engine import Turn, call, calls, cut, error

WRITE = call("write_file", path="greeting.txt", content="Hello, world\n")
WRONG = call("write_file", path="greeting.txt", content="Goodbye\n")
PUSH = call("push", message="Add greeting.txt")
SUBMIT = call("submit")
FIX = call(
    "edit_file",
    path="totals.py",
    old="range(len(numbers) - 1)",
    new="range(len(numbers))",
)
BREAK = call("edit_file", path="totals.py", old="range(len(numbers) - 1)", new="range(len(numbers) - 2)")
# Makes the visible tests pass, and only them.
HARD_CODE = call("edit_file", path="totals.py", old="    result = 0\n", new="    return 6\n")
TESTS = call("run_tests")


def endless(number: int) -> Turn:
    return call("write_file", path=f"f{number}.txt", content="x")


# canary, plan, changes of the spec, verdict, would_pass
OUTCOMES: dict[str, tuple[str, Any, dict[str, Any], str, bool]] = {
    "passed": ("hello_file", [WRITE, PUSH, SUBMIT], {}, "passed", True),
    "passed in one reply": (
        "hello_file",
        [
            calls(
                ("write_file", {"path": "greeting.txt", "content": "Hello, world\n"}),
                ("push", {"message": "m"}),
                ("submit", {}),
            )
        ],
        {},
        "passed",
        True,
    ),
    "a fix that is tested": ("fix_sum", [TESTS, FIX, TESTS, PUSH, SUBMIT], {}, "passed", True),
    "a fix that is right untested": ("fix_sum", [FIX, PUSH, SUBMIT], {}, "passed", True),
    "wrong result": ("hello_file", [WRONG, PUSH, SUBMIT], {}, "failed/capability/wrong_result", False),
    "hard-coded": (
        "fix_sum",
        [HARD_CODE, TESTS, PUSH, SUBMIT],
        {},
        "failed/capability/wrong_result",
        False,
    ),
    "tests red": ("fix_sum", [BREAK, TESTS, PUSH, SUBMIT], {}, "failed/capability/declared_done_early", False),
    "tests never run": ("fix_sum", [BREAK, PUSH, SUBMIT], {}, "failed/capability/declared_done_early", False),
    "turns": ("hello_file", endless, {"budgets": {"turns": 3}}, "failed/turns", False),
    "turns, with a right push": ("hello_file", [WRITE, PUSH], {"budgets": {"turns": 2}}, "failed/turns", True),
    "completion": ("hello_file", [WRITE, PUSH, cut(), cut()], {}, "failed/tokens/completion", True),
    "completion in the last turn": (
        "hello_file",
        [WRITE, cut()],
        {"budgets": {"turns": 2}},
        "failed/tokens/completion",
        False,
    ),
    "budget": (
        "hello_file",
        [cut(tokens=160), WRITE],
        {"budgets": {"generated_tokens": 160}},
        "failed/tokens/budget",
        False,
    ),
    "two budgets on one turn": (
        "hello_file",
        [Turn(calls=WRITE.calls, tokens=900)],
        {"budgets": {"turns": 1}},
        "failed/tokens/budget",
        False,
    ),
    "a cut reply and the turn limit on one turn": (
        "hello_file",
        [WRITE, PUSH, cut()],
        {"budgets": {"turns": 3}},
        "failed/tokens/completion",
        True,
    ),
    "submit and the token budget on one turn": (
        "hello_file",
        [WRITE, PUSH, Turn(calls=SUBMIT.calls, tokens=900)],
        {},
        "passed",
        True,
    ),
    "context": ("hello_file", [WRITE, PUSH], {"window_tokens": 450}, "failed/tokens/context", True),
    "context, says the engine": (
        "hello_file",
        [WRITE, error(400, "request (9000 tokens) exceeds the available context size (8192 tokens)")],
        {},
        "failed/tokens/context",
        False,
    ),
    "wall clock": (
        "hello_file",
        [WRITE, PUSH, Turn(fault="drip", pause=0.05)],
        {"budgets": {"wall_clock_seconds": 1.5}},
        "failed/wall_clock",
        True,
    ),
    "a turn past its own limit, still yielding": (
        "hello_file",
        [WRITE, PUSH, Turn(fault="drip", pause=0.05)],
        {"budgets": {"turn_seconds": 0.8}},
        "failed/wall_clock",
        True,
    ),
    "deferred": (
        "fix_sum",
        [TESTS, call("defer_to_human", reason="Is the mean of nothing 0?")],
        {},
        "handed_over/deferred",
        False,
    ),
    "escalated": (
        "fix_sum",
        [FIX, PUSH, call("escalate_to_architect", reason="Should totals be a package?")],
        {},
        "handed_over/escalated",
        True,
    ),
    "handed over where nothing else can pass": (
        "split_the_bill",
        [
            call("read_file", path="README.md"),
            call("defer_to_human", reason="Equal shares and whole cents contradict."),
        ],
        {},
        "passed",
        False,
    ),
    "submitted where only handing over passes": (
        "split_the_bill",
        [call("write_file", path="bill.py", content="def split(total, guests):\n    return []\n"), PUSH, SUBMIT],
        {},
        "failed/capability/declared_done_early",
        False,
    ),
    "calls that the engine left in the text": (
        "hello_file",
        [Turn('<tool_call>\n{"name": "push", "arguments": {"message": "m"}}\n</tool_call>')] * 3,
        {},
        "failed/interface/parser",
        False,
    ),
    "calls that are malformed in the text": (
        "hello_file",
        [Turn('<tool_call>\n{"name": "push", "arguments": {"mess</tool_call>')] * 3,
        {},
        "failed/capability/malformed_tool_calls",
        False,
    ),
    "a front-truncated prompt, answered all the same": (
        "hello_file",
        [WRITE, PUSH, Turn(calls=SUBMIT.calls, prompt_tokens=40)],
        {},
        "void/engine_error",
        True,
    ),
    "silent give up": ("hello_file", [Turn("Done.")] * 3, {}, "failed/capability/silent_give_up", False),
    "looping in a circle": (
        "fix_sum",
        lambda number: TESTS if number % 2 else call("read_file", path="totals.py"),
        {"budgets": {"turns": 30, "generated_tokens": 10**5}},
        "failed/capability/looping",
        False,
    ),
    "looping": ("hello_file", [WRITE] * 4, {}, "failed/capability/looping", False),
    "malformed": (
        "hello_file",
        [Turn(calls=(("write_file", '{"path": '),))] * 3,
        {},
        "failed/capability/malformed_tool_calls",
        False,
    ),
    "unreadable": (
        "hello_file",
        [error(500, "The model produced output that does not match the expected Hermes format")] * 3,
        {},
        "failed/capability/malformed_tool_calls",
        False,
    ),
    "breach": ("hello_file", [call("list_files"), TESTS, FIX], {}, "failed/capability/contract_breach", False),
    "template": ("hello_file", [error(500, "Jinja Exception: no system")], {}, "failed/interface/template", False),
    "parser": ("hello_file", [error(500, "Invalid diff: 'a'")], {}, "failed/interface/parser", False),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_trial_comes_to(name: str, run_trial: Any) -> None:
    canary, plan, changes, expected, would_pass = OUTCOMES[name]
    record, trial, engine = run_trial(plan, canary, **changes)
    verdict = Verdict(record["outcome"], record["ceiling"], record["detail"])
    assert str(verdict) == expected, record
    assert record["would_pass"] is would_pass
    assert record["turns"] == len(engine.requests)
    assert trial.transcript()[-1] == {"at": trial.transcript()[-1]["at"], "event": "verdict", "record": record}


def test_the_whole_closed_list_is_reached() -> None:
    """Of what is missing here, test_engine_faults reaches harness_error, tests/integration_py/worker the others."""
    reached = {expected for _canary, _plan, _changes, expected, _would_pass in OUTCOMES.values()}
    every = {str(Verdict(kind.outcome, kind.ceiling, kind.detail)) for kind in CLOSED_LIST}
    assert every - reached == {"void/harness_error", "void/oom_guard", "void/host_lost"}


@pytest.mark.parametrize("turns", [1, 4])
def test_the_turn_limit_t_makes_exactly_t_model_calls(turns: int, run_trial: Any) -> None:
    record, _unused, engine = run_trial(endless, budgets={"turns": turns})
    assert (record["ceiling"], record["turns"], len(engine.requests)) == ("turns", turns, turns)


def test_a_record_tells_what_was_used_and_what_was_pushed(run_trial: Any) -> None:
    record, trial, engine = run_trial([Turn("Hm."), SUBMIT, TESTS, WRITE, PUSH, SUBMIT])
    asked = engine.requests
    assert record["usage_source"] == "engine"
    assert record["generated_tokens"] > 0
    assert record["prompt_tokens"] > record["cached_tokens"] > 0
    assert (record["nudges"], record["refused_calls"], record["tool_calls"]) == (1, 2, 5)
    assert (record["submitted"], record["visible_tests"]) == (True, "not_run")
    assert (record["hidden_passed"], record["hidden_expected"]) == (1, 1)
    assert (record["generated_tokens_per_second"], record["prompt_tokens_per_second"]) == (50.0, 1000.0)
    assert record["budgets"] == trial.spec["budgets"]
    assert (trial.folder / "diff.patch").read_text().endswith("+Hello, world\n")
    assert "Ran 1 test" in (trial.folder / "tests.log").read_text()
    assert {path.name for path in trial.folder.iterdir()} == {
        "child.log",
        "diff.patch",
        "record.json",
        "tests.log",
        "transcript.jsonl",
    }
    assert asked[0].headers["Authorization"] == f"Bearer {trial.spec['api_key']}"
    assert {one.body["temperature"] for one in asked} == {0.2}
    assert len({one.body["seed"] for one in asked}) == len(asked)
    assert json.dumps(asked[-1].body["messages"]).startswith(json.dumps(asked[0].body["messages"])[:-1])


def test_an_engine_that_counts_nothing_gives_estimates_and_says_so(run_trial: Any) -> None:
    uncounted = [Turn(calls=turn.calls, usage=False) for turn in (WRITE, PUSH, SUBMIT)]
    record, _unused, _unused = run_trial(uncounted)
    assert (record["outcome"], record["usage_source"]) == ("passed", "estimated")
    assert record["generated_tokens"] > 0


def test_reasoning_is_counted_and_not_sent_back(run_trial: Any) -> None:
    thought = Turn(calls=WRITE.calls, reasoning="I wonder. " * 20)
    record, trial, engine = run_trial([thought, PUSH, SUBMIT])
    assert record["outcome"] == "passed"
    assert 0 < record["reasoning_tokens"] < record["generated_tokens"]
    assert "I wonder" not in json.dumps(engine.requests[-1].body)
    assert "I wonder" in json.dumps(trial.transcript())
