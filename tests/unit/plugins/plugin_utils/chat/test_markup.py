# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tool calls in the raw text, in the markup of each family of templates: whole, or broken and why."""

from __future__ import annotations

import json

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.markup import calls_in_text, holds_well_formed

CALL = '{"name": "write_file", "arguments": {"path": "a.txt", "content": "x"}}'
WRITE = ("write_file", {"path": "a.txt", "content": "x"})
PUSH = ("push", {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Hermes, Qwen
        (f"<tool_call>\n{CALL}\n</tool_call>", [WRITE]),
        (f'I write.\n<tool_call>{CALL}</tool_call>\n<tool_call>\n{{"name": "push"}}</tool_call>', [WRITE, PUSH]),
        (f"<tool_call>{CALL}", [WRITE]),
        # Qwen3-Coder
        (
            "<tool_call>\n<function=write_file>\n<parameter=path>\na.txt\n</parameter>\n<parameter=content>\nx\n"
            "</parameter>\n</function>\n</tool_call>\n<tool_call>\n<function=push>\n</function>\n</tool_call>",
            [WRITE, PUSH],
        ),
        # Functionary, Llama 3.1 with functions
        ('<function=write_file>{"path": "a.txt", "content": "x"}</function>', [WRITE]),
        # Mistral, old and new
        (f'[TOOL_CALLS][{CALL}, {{"name": "push", "arguments": {{}}}}]', [WRITE, PUSH]),
        ('[TOOL_CALLS]write_file[ARGS]{"path": "a.txt", "content": "x"}[TOOL_CALLS]push[ARGS]{}', [WRITE, PUSH]),
        ("[TOOL_CALLS]push[CALL_ID]a1b2c3d4e[ARGS]{}", [PUSH]),
        # Llama 3.x
        ('<|python_tag|>{"name": "push", "parameters": {}}; {"name": "push", "parameters": {}}', [PUSH, PUSH]),
        (' {"name": "write_file", "parameters": {"path": "a.txt", "content": "x"}}\n', [WRITE]),
        ('{"type": "function", "function": {"name": "push", "arguments": {}}}', []),
        ('<tool_call>{"type": "function", "function": {"name": "push", "arguments": "{}"}}</tool_call>', [PUSH]),
        # DeepSeek V3 and V3.1, Kimi K2
        (
            '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>write_file\n```json\n{"path": "a.txt", '
            '"content": "x"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
            [WRITE],
        ),
        ("<｜tool▁call▁begin｜>push<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>", [PUSH]),
        ("<|tool_call_begin|>functions.push:0<|tool_call_argument_begin|>{}<|tool_call_end|>", [PUSH]),
        # Granite, GLM, gpt-oss, Gemma 4, Cohere, what has Anthropic's XML
        (f"<|tool_call|>[{CALL}]", [WRITE]),
        ("<tool_call>push\n</tool_call>", [PUSH]),
        (
            "<tool_call>write_file\n<arg_key>path</arg_key>\n<arg_value>a.txt</arg_value>\n<arg_key>content</arg_key>\n"
            "<arg_value>x</arg_value>\n</tool_call>",
            [WRITE],
        ),
        ("<|channel|>commentary to=functions.push <|constrain|>json<|message|>{}<|call|>", [PUSH]),
        ("<|start|>assistant to=functions.push<|channel|>commentary json<|message|>{}<|call|>", [PUSH]),
        ('<|tool_call>call:write_file{path:<|"|>a.txt<|"|>,content:<|"|>x<|"|>}<tool_call|>', [WRITE]),
        ('<|tool_call>call:run{n:1,of:[<|"|>{b}<|"|>,true]}<tool_call|>', [("run", {"n": 1, "of": ["{b}", True]})]),
        ('<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "push", "parameters": {}}]<|END_ACTION|>', [PUSH]),
        (
            '<invoke name="write_file">\n<parameter name="path">a.txt</parameter>\n'
            '<parameter name="content">x</parameter>\n</invoke>',
            [WRITE],
        ),
        ('<｜DSML｜invoke name="push">\n</｜DSML｜invoke>', [PUSH]),
    ],
)
def test_whole_calls_are_found(text: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    calls = calls_in_text(text)
    assert [(call.name, call.arguments) for call in calls] == expected
    assert all(call.malformed is None and json.loads(call.arguments_text) == call.arguments for call in calls)
    assert len({call.id for call in calls}) == len(calls)
    assert holds_well_formed(text) == bool(expected)


@pytest.mark.parametrize(
    ("text", "name", "what"),
    [
        ('<tool_call>{"name": "push", "arguments": {}</tool_call>', "", "not valid JSON"),
        ("<tool_call>{'name': 'push'}</tool_call>", "", "not valid JSON"),
        (f"<tool_call>{CALL}}}</tool_call>", "", "something follows"),
        ('<tool_call>{"arguments": {}}</tool_call>', "", "names no tool"),
        ('<tool_call>{"name": "push", "arguments": [1]}</tool_call>', "push", "not a JSON object"),
        ('<tool_call>{"name": "push", "arguments": "{"}</tool_call>', "push", "not valid JSON"),
        ("<tool_call>", "", "not valid JSON"),
        ("<function=write_file>\n<parameter=path>\na.txt\n</parameter>\n", "write_file", "do not close"),
        ("<function=write_file>\n<parameter=path>\na.txt\n</function>", "write_file", "do not close"),
        ("[TOOL_CALLS]push[ARGS]{", "push", "not valid JSON"),
        ('<|python_tag|>search.call(query="x")', "", "not valid JSON"),
        ('{"name": "write_file", "parameters": {"path": "a', "write_file", "not valid JSON"),
        ("<｜tool▁call▁begin｜>push<｜tool▁call▁end｜>", "", "no name and JSON"),
        ("<tool_call>push\n<arg_key>a</arg_key>", "push", "do not close"),
        ("<|channel|>commentary to=functions.push <|message|>{", "push", "not valid JSON"),
        ('<|tool_call>call:push{a:<|"|>b<tool_call|>', "push", "cannot be read"),
    ],
)
def test_a_broken_call_says_what_is_wrong(text: str, name: str, what: str) -> None:
    (call,) = calls_in_text(text)[:1]
    assert (call.name, call.arguments) == (name, None)
    assert what in str(call.malformed)
    assert not holds_well_formed(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Done.",
        "Call a tool with `<tool_call>`.",
        '{"name": "x"}',
        '{"path": "a.txt"}',
        "<tool_response>x</tool_response>",
    ],
)
def test_text_that_calls_nothing_has_no_calls(text: str) -> None:
    assert calls_in_text(text) == ()


def test_a_whole_call_after_a_broken_one_is_found() -> None:
    calls = calls_in_text(f'<tool_call>{{"name": <tool_call>{CALL}</tool_call>')
    assert [call.malformed is None for call in calls] == [False, True]
    calls = calls_in_text(f"<|python_tag|>{CALL}; {{")
    assert [call.malformed is None for call in calls] == [True, False]


def test_arguments_that_hold_markup_are_one_call() -> None:
    text = json.dumps({"name": "write_file", "arguments": {"path": "a", "content": f"<tool_call>{CALL}</tool_call>"}})
    assert len(calls_in_text(f"<tool_call>{text}</tool_call>")) == 1


def test_a_call_of_this_tool_is_asked_for_by_its_name() -> None:
    assert holds_well_formed(f"<tool_call>{CALL}</tool_call>", "write_file")
    assert not holds_well_formed(f"<tool_call>{CALL}</tool_call>", "push")
