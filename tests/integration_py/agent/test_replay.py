# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The promise of the transcript: what the engine received in each call can be told from it alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.replay import calls as calls_made
from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.replay import messages_at, parse
from ansible_collections.local_llm.lab.tests.fakes.scripted_engine import Turn, call, calls, cut, error

WRITE = call("write_file", path="greeting.txt", content="Hello, world\n")
PUSH = call("push", message="Add greeting.txt")
SUBMIT = call("submit")
TORN = Turn(calls=(("write_file", '{"path": "greeting.txt", "conte'),))
LONG = "word " * 300


def block(name: str, **arguments: Any) -> str:
    """A call of the tool style `text`."""
    return f"```tool\n{json.dumps({'name': name, 'arguments': arguments})}\n```\n"


IN_TEXT: dict[str, Any] = {"chat": {"tool_style": "text"}}
WRITTEN = block("write_file", path="greeting.txt", content="Hello, world\n")
PUSHED, SUBMITTED = Turn(block("push", message="m")), Turn(block("submit"))


def reading(number: int) -> Turn:
    """Enough output to fill a window."""
    if number == 1:
        return call("write_file", path="long.txt", content=LONG)
    return call("read_file", path="long.txt", end_line=number)


def _in_text(turn: Turn) -> Turn:
    return Turn("".join(block(name, **json.loads(arguments)) for name, arguments in turn.calls))


# canary, plan, changes of the spec
FILLING = {"window_tokens": 6000, "budgets": {"turns": 16, "generated_tokens": 9000}}
PLANS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "straight": ("hello_file", [WRITE, PUSH, SUBMIT], {}),
    "nudged": ("hello_file", [Turn("Let me think."), Turn(), WRITE, PUSH, SUBMIT], {}),
    "refused": ("hello_file", [SUBMIT, call("run_tests"), WRITE, PUSH, SUBMIT], {}),
    "malformed": ("hello_file", [TORN, call("no_such_tool"), call("write_file", path=1), WRITE, PUSH, SUBMIT], {}),
    "arguments left out": ("fix_sum", [Turn(calls=(("list_files", ""),)), WRITE, PUSH, SUBMIT], {}),
    "a call in the text": (
        "hello_file",
        [Turn('<tool_call>\n{"name": "push", "arguments": {"mess</tool_call>'), WRITE, PUSH, SUBMIT],
        {},
    ),
    "unreadable": (
        "hello_file",
        [error(500, "The model produced output that does not match the expected Hermes format"), WRITE, PUSH, SUBMIT],
        {},
    ),
    "parallel": (
        "fix_sum",
        [calls(("list_files", {}), ("read_file", {"path": "totals.py"}), ("submit", {})), WRITE, PUSH, SUBMIT],
        {},
    ),
    "cut": ("hello_file", [cut("I think"), WRITE, PUSH, SUBMIT], {}),
    "cut in a call": ("hello_file", [Turn(calls=(*WRITE.calls, *TORN.calls), finish="length"), PUSH, SUBMIT], {}),
    "surrogates": ("hello_file", [call("write_file", path="a\udcff.txt", content="\ud800"), WRITE, PUSH, SUBMIT], {}),
    "reasoning": ("hello_file", [Turn(calls=WRITE.calls, reasoning="Hm. " * 9), PUSH, SUBMIT], {}),
    "reasoning sent back": (
        "hello_file",
        [Turn(calls=WRITE.calls, reasoning="Hm. " * 9), PUSH, SUBMIT],
        {"chat": {"echo_reasoning": True}},
    ),
    "calls in the text": (
        "hello_file",
        [
            Turn("Let me think."),
            Turn("First the file.\n" + WRITTEN + block("no_such_tool")),
            cut(block("list_files") + "```tool\n{"),
            Turn('<tool_call>{"name": "push", "arguments": {"message": "m"}}</tool_call>'),
            PUSHED,
            SUBMITTED,
        ],
        IN_TEXT,
    ),
    "calls in the text, told its budget": (
        "hello_file",
        [Turn(WRITTEN), PUSHED, SUBMITTED],
        {"chat": {"tool_style": "text", "tell_budget": True}},
    ),
    "told its budget": ("hello_file", [WRITE, Turn("Hm."), PUSH, SUBMIT], {"chat": {"tell_budget": True}}),
    "past a ceiling": ("hello_file", [WRITE, cut(), cut(), PUSH, SUBMIT], {"budgets": {"turns": 2, "probe_factor": 3}}),
    "old output dropped": (
        "fix_sum",
        reading,
        {
            "chat": {"history": "drop_old_tool_output"},
            "window_tokens": 6000,
            "budgets": {"turns": 16, "generated_tokens": 9000},
        },
    ),
    "summarised": (
        "fix_sum",
        reading,
        {"chat": {"history": "summarise"}, **FILLING},
    ),
    "calls in the text, summarised": (
        "fix_sum",
        lambda number: _in_text(reading(number)),
        {"chat": {"history": "summarise", "tool_style": "text"}, **FILLING},
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_what_every_call_was_made_with_is_told_by_the_transcript(name: str, run_trial: Any) -> None:
    canary, plan, changes = PLANS[name]
    _unused, trial, engine = run_trial(plan, canary, **changes)
    log = parse((trial.folder / "transcript.jsonl").read_bytes())
    assert log.torn_line is None
    for number, request in enumerate(engine.requests, start=1):
        assert messages_at(log.events, number) == request.body["messages"], number
    assert calls_made(log.events) == len(engine.requests)
    if "history" in changes.get("chat", {}):
        assert "compaction" in {event["event"] for event in log.events}, "the window was not filled"


def test_calls_in_the_text_do_the_work_and_ask_nothing_of_the_engine(run_trial: Any) -> None:
    record, _unused, engine = run_trial([Turn(WRITTEN + PUSHED.text), SUBMITTED], "hello_file", **IN_TEXT)
    assert (record["outcome"], record["tool_calls"], record["malformed_calls"]) == ("passed", 3, 0)
    for request in engine.requests:
        assert "tools" not in request.body and "tool_style" not in request.body
    system, *_unused, results = engine.requests[1].body["messages"]
    assert "- write_file (path: string; content: string): " in system["content"]
    assert (results["role"], results["content"]) == (
        "user",
        "Result of write_file:\nok\n\nResult of push:\nok, pushed greeting.txt",
    )


def test_a_failed_call_is_told_too(run_trial: Any) -> None:
    _unused, trial, engine = run_trial([WRITE, error(400, "request (9000 tokens) exceeds the available context size")])
    assert calls_made(trial.transcript()) == 2
    assert messages_at(trial.transcript(), 2) == engine.requests[1].body["messages"]
