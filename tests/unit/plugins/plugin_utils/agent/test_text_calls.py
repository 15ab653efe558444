# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool style `text`: what is a call, what is a broken one, and what the model is sent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent import prompt
from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.text_calls import as_text, calls_of
from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.tools import AUTONOMY, TOOLS, fault, schemas
from ansible_collections.local_llm.lab.tests.fakes.played_model import BUDGETS, JOB, cut, reply, tool

IN_TEXT = replace(JOB, tool_style="text")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
PROSE = st.text().filter(lambda text: "```" not in text)


def block(name: str, **arguments: Any) -> str:
    return f"```tool\n{json.dumps({'name': name, 'arguments': arguments})}\n```\n"


PUSH, SUBMIT = reply(block("push", message="m")), reply(block("submit"))


@given(
    st.lists(
        st.tuples(
            st.text(min_size=1), st.dictionaries(st.text(), JSON, max_size=2), PROSE, st.sampled_from([None, 1, "\t"])
        ),
        max_size=3,
    )
)
def test_every_call_that_is_written_as_told_is_read_as_it_was_meant(written: list[tuple[str, Any, str, Any]]) -> None:
    """Whatever the arguments hold, fences too: a JSON string has no line of its own."""
    text = "".join(
        f"{prose}\n```tool\n{json.dumps({'name': name, 'arguments': arguments}, indent=indent)}\n```\n"
        for name, arguments, prose, indent in written
    )
    calls = calls_of(text)
    assert [(call.name, call.arguments) for call in calls] == [(name, arguments) for name, arguments, _p, _i in written]
    assert len({call.id for call in calls}) == len(calls) and not any(call.malformed for call in calls)


@given(
    st.text() | st.lists(st.sampled_from(["```tool", "```", "\n", " ", "{", "}", '"name": "push"', "x"])).map("".join)
)
def test_any_text_is_read_and_what_is_broken_says_why(text: str) -> None:
    for call in calls_of(text):
        assert (call.arguments is None) == (call.malformed is not None)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("```tool\n{'name': 'push'}\n```", "not valid JSON"),
        ('```tool\n{"name": "write_file", "arguments": {"content": "a\nb"}}\n```', "not valid JSON"),
        ("```tool\n```", "not valid JSON"),
        ('```tool\n{"name": "a"}\n{"name": "b"}\n```', "not valid JSON"),
        ('```tool\n{"name": "push"}```', "not valid JSON"),
        ('```tool\n[{"name": "push"}]\n```', "not a JSON object"),
        ('```tool\n{"arguments": {}}\n```', "names no tool"),
        ('```tool\n{"name": 7}\n```', "names no tool"),
        ('```tool\n{"name": "push", "arguments": "{}"}\n```', "arguments are not a JSON object"),
        ('```tool\n{"name": "push", "message": "m"}\n```', "a key message beside"),
        ('```tool {"name": "push"}\n```', "has more on it"),
    ],
)
def test_what_is_not_as_told_is_malformed_with_the_reason(text: str, what: str) -> None:
    (call,) = calls_of(text)
    assert call.arguments is None and what in str(call.malformed)


@pytest.mark.parametrize(
    "text", ['```json\n{"name": "push"}\n```', "a ```tool in a sentence", "```tools\n{}\n```", "``` tool\n"]
)
def test_what_only_looks_like_it_is_no_call(text: str) -> None:
    assert calls_of(text) == ()


def test_arguments_may_be_left_out_and_so_may_the_last_fence() -> None:
    first, second = calls_of('```tool\n{"name": "run_tests"}\n```tool\n{"name": "submit"}')
    assert ((first.name, first.arguments), (second.name, second.arguments)) == (("run_tests", {}), ("submit", {}))


def test_the_system_prompt_tells_of_every_tool_and_its_own_example_is_well_formed() -> None:
    for autonomy, names in AUTONOMY.items():
        system = prompt.system(in_text=schemas(autonomy))
        (call,) = calls_of(system)
        assert fault(call) is None, call
        for name in names:
            assert f"- {name} (" in system and TOOLS[name].description in system


def test_the_loop_runs_calls_in_the_text_and_sends_no_tools(play: Any) -> None:
    first = "Now.\n" + block("write_file", path="a", content="b") + PUSH.text
    ending, agent, model = play([reply(first), SUBMIT], IN_TEXT)
    assert ending.submitted
    assert (agent.ledger.turns, agent.ledger.tool_calls, agent.ledger.nudges) == (2, 3, 0)
    *_unused, said, results = model.asked[1]["messages"]
    assert said == {"role": "assistant", "content": first}
    assert results == {"role": "user", "content": "Result of write_file:\nok\n\nResult of push:\nok, pushed f"}


def test_a_call_in_another_markup_is_malformed_whoever_read_it(play: Any) -> None:
    hermes = reply('<tool_call>{"name": "push", "arguments": {"message": "m"}}</tool_call>')
    hermes = replace(hermes, text_calls=(tool("push", message="m"),))
    reported = reply("", tool("push", message="m"))
    ending, agent, model = play([hermes, reported, hermes], IN_TEXT)
    assert str(ending.verdict) == "failed/capability/malformed_tool_calls"
    assert (agent.ledger.malformed_calls, agent.ledger.nudges) == (3, 0)
    for asked in model.asked[1:]:
        assert "does not stand in a ```tool block" in asked["messages"][-1]["content"]
        assert asked["messages"][-2]["content"], "an empty message is refused by some templates"


def test_three_malformed_blocks_are_malformed_tool_calls_and_text_alone_is_a_give_up(play: Any) -> None:
    ending, _unused, _unused = play([reply("```tool\n{push}\n```")] * 3, IN_TEXT)
    assert str(ending.verdict) == "failed/capability/malformed_tool_calls"
    ending, _unused, model = play([reply('```json\n{"name": "push"}\n```')] * 3, IN_TEXT)
    assert str(ending.verdict) == "failed/capability/silent_give_up"
    assert "no ```tool block" in model.asked[1]["messages"][-1]["content"]


def test_a_block_torn_by_the_cut_is_neither_run_nor_malformed(play: Any) -> None:
    torn = replace(cut(), text=block("list_files") + '```tool\n{"name": "write_file", "argu')
    ending, agent, model = play([torn, PUSH, SUBMIT], IN_TEXT)
    assert ending.submitted
    assert (agent.ledger.malformed_calls, agent.ledger.tool_calls) == (0, 3)
    assert "cut off at the length limit" in model.asked[1]["messages"][-1]["content"]


def test_the_other_levels_hold_in_this_style_too(play: Any) -> None:
    job = replace(IN_TEXT, tell_budget=True, history="drop_old_tool_output", window_tokens=8192)
    job = replace(job, budgets=replace(BUDGETS, turns=16, generated_tokens=4000))
    reads = [reply(block("read_file", path=f"f{number}")) for number in range(12)]
    ending, _unused, model = play([*reads, PUSH, SUBMIT], job)
    assert ending.submitted
    for asked in model.asked:
        roles = [message["role"] for message in asked["messages"]]
        assert roles == ["system", *["user", "assistant"] * (len(roles) // 2 - 1), "user"]
    last = model.asked[-1]["messages"]
    assert "characters of old output dropped" in last[3]["content"] and "[used: " in last[-1]["content"]


def test_two_results_and_a_word_of_ours_are_one_message() -> None:
    sent = as_text(
        [
            {"role": "user", "content": "a"},
            {"role": "user", "content": "b"},
            {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "function": {"name": "push"}}]},
            {"role": "tool", "tool_call_id": "1", "content": "ok"},
            {"role": "user", "content": "c"},
        ]
    )
    assert sent == [
        {"role": "user", "content": "a\n\nb"},
        {"role": "assistant", "content": "..."},
        {"role": "user", "content": "Result of push:\nok\n\nc"},
    ]
