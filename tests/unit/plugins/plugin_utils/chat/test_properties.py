# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes, however cut: one typed error or a completion, and no whole call is lost."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import (
    ChatError,
    Completion,
    Deadlines,
    StreamError,
    thinking,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.dialects import DIALECTS, dialect
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.exchange import Exchange
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.faults import UnreadableReply, fault_of_body
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.markup import calls_in_text
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.messages import assistant_message
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.strict_json import BadJson, loads
from ansible_collections.local_llm.lab.tests.fakes.wires import Said, delta, event, ollama_stream, openai_stream

SPEEDS = ("prompt_tokens_per_second", "generated_tokens_per_second")
FIELDS = ["reasoning_content", "reasoning", "reasoning_details", "thinking_blocks", "blocks"]
plain = st.text(st.characters(exclude_characters="<[{◁", exclude_categories=["Cs"]), min_size=1, max_size=8)
arguments = st.dictionaries(st.sampled_from(["path", "content"]), st.text(max_size=8) | st.integers(), max_size=2)
said = st.lists(
    st.builds(Said, text=plain)
    | st.builds(Said, reasoning=plain)
    | st.builds(Said, name=st.sampled_from(["write_file", "push"]), arguments=arguments),
    max_size=6,
)


def exchange(engine: str) -> Exchange:
    return Exchange(dialect(engine), 400, Deadlines(turn_at=math.inf), None)


def complete(engine: str, pieces: list[bytes]) -> Completion:
    call = exchange(engine)
    for piece in pieces:
        call.take(piece)
    return replace(call.completion(), ttft_seconds=0, seconds=0, **dict.fromkeys(SPEEDS))


def cut(stream: bytes, places: list[float]) -> list[bytes]:
    ends = [0, *sorted(int(place * len(stream)) for place in places), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(ends)]


places = st.lists(st.floats(0, 1), max_size=30)


@given(said, st.sampled_from(FIELDS), places)
def test_an_openai_stream_cut_anywhere_gives_the_same_completion(said: list[Said], field: str, at: list[float]) -> None:
    stream = openai_stream(said, field)
    whole = complete("openai_compatible", [stream])
    assert complete("llama_cpp", cut(stream, at)) == whole
    assert_is(whole, said)


@given(said, places)
def test_ollamas_stream_cut_anywhere_gives_the_same_completion(said: list[Said], at: list[float]) -> None:
    stream = ollama_stream(said)
    whole = complete("ollama", [stream])
    assert complete("ollama", cut(stream, at)) == whole
    assert_is(whole, said)


def assert_is(completion: Completion, said: list[Said]) -> None:
    assert completion.text == "".join(one.text for one in said)
    assert completion.reasoning == "".join(one.reasoning for one in said)
    calls = [(one.name, one.arguments) for one in said if one.name]
    assert [(call.name, call.arguments) for call in completion.tool_calls] == calls
    usage = completion.usage
    assert (usage.prompt_tokens, usage.generated_tokens, usage.source) == (90, 30, "engine")
    message = assistant_message(completion, completion.tool_calls, echo_reasoning=True)
    assert json.loads(json.dumps(message)) == message


@given(said, st.floats(0, 1))
def test_a_stream_that_breaks_off_loses_no_call_that_was_whole(said: list[Said], end: float) -> None:
    stream = openai_stream(said)
    stream = stream[: int(end * len(stream))]
    call = exchange("llama_cpp")
    call.take(stream)
    unreadable = call.unreadable(UnreadableReply("stopped", ""))
    whole = [one for one in unreadable.tool_calls if one.malformed is None and one.arguments_text]
    sent = [one for one in said if one.name]
    # A call is whole when its last piece is there, that is when what comes after it has begun.
    for number, one in enumerate(sent):
        if b'"id": "id%d"' % (number + 1) in stream:
            assert (whole[number].name, whole[number].arguments) == (one.name, one.arguments)
    try:
        assert complete("llama_cpp", [stream]).finish_reason in ("stop", "tool_calls")
    except StreamError:
        assert b'"finish_reason": "' not in stream.rpartition(b"\n")[0]


STREAMS = (openai_stream([Said(text="x", name="push", arguments={})])[:200], ollama_stream([Said(text="x")])[:60])
ODDS = (b"data: ", b"\n", b"data: {}\n", b"data: [DONE]\n", b'{"done": true}\n', b'{"error": "x"}\n', b"[" * 2000)
garbage = st.binary(max_size=60) | st.sampled_from((*STREAMS, *ODDS))
WORDS = """
choices delta tool_calls function name arguments index id content usage message thinking done error type text summary
reasoning reasoning_details thinking_blocks timings prompt_n predicted_n finish_reason signature
"""
words = st.sampled_from(WORDS.split())
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5),
    max_leaves=25,
)


def survives(engine: str, pieces: list[bytes]) -> None:
    call = exchange(engine)
    try:
        for piece in pieces:
            call.take(piece)
        completion = call.completion()
    except UnreadableReply as error:
        completion = call.unreadable(error)
    except ChatError:
        return
    message = assistant_message(completion, completion.tool_calls, echo_reasoning=True)
    json.dumps(message)


@given(st.sampled_from(sorted(DIALECTS)), st.lists(garbage, max_size=20))
def test_garbage_is_a_chat_error_or_a_completion(engine: str, pieces: list[bytes]) -> None:
    survives(engine, pieces)


@given(st.sampled_from(sorted(DIALECTS)), st.lists(json_values, max_size=5))
def test_objects_of_any_shape_are_a_chat_error_or_a_completion(engine: str, values: list[Any]) -> None:
    parts = []
    for value in values:
        for chunk in ({"choices": [{"delta": value}]}, {"message": value}, value):
            parts.append(json.dumps(chunk).encode() + b"\n" if engine == "ollama" else event(chunk))
    end = b'{"done": true, "message": {}}\n' if engine == "ollama" else event(delta("stop"))
    survives(engine, [*parts, end])


@given(st.binary(max_size=80) | json_values.map(lambda value: json.dumps({"error": value}).encode()))
def test_any_error_answer_is_a_chat_error(body: bytes) -> None:
    assert isinstance(fault_of_body(500, body), ChatError)


MARKUP = """
<tool_call> </tool_call> <function=a> </function> <parameter=b> </parameter> [TOOL_CALLS] [ARGS] a <|python_tag|> to=a
<|tool_call|> <|tool_call>call:a <tool_call|> <|"|> <｜tool▁call▁begin｜> <｜tool▁sep｜> <|START_ACTION|> <invoke
<|channel|> commentary analysis final <|message|> <|end|> <|start|>assistant <arg_key> </arg_key> <arg_value>
<think> </think> [THINK] [/THINK] <|channel>thought <channel|> " ` {} { } [ ] , : {"name": "arguments": name="a">
"""
MARKS = MARKUP.split()
marked = st.lists(st.sampled_from([*MARKS, "\n", " "]) | st.text(max_size=3), max_size=25).map("".join)


@given(marked)
def test_any_text_has_its_calls_and_its_reasoning_read(text: str) -> None:
    split = thinking.split(text)
    assert (split.shape is None) <= (not split.reasoning)
    for call in (*calls_in_text(text), *calls_in_text(split.text)):
        assert (call.arguments is None) == bool(call.malformed)
        json.dumps(call.arguments)


@given(plain, st.sampled_from(sorted(thinking.PAIRS)), plain, st.booleans())
def test_reasoning_in_tags_is_told_from_the_answer(thought: str, tag: str, answer: str, opened: bool) -> None:
    """`opened`: by the template, so that only the closing tag is generated."""
    text = ("" if opened else tag) + thought + thinking.PAIRS[tag] + answer
    split = thinking.split(text)
    if thought[-1:] == answer[:1] and thought[-1] in "`'\"":
        return  # a tag in quotes is only talked about
    assert (split.reasoning, split.text, split.shape) == (thought.strip(), answer.lstrip(), tag)


def xml(name: str, values: dict[str, Any]) -> str:
    parameters = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in values.items())
    return f"<function={name}>\n{parameters}</function>"


RENDERED = {
    "hermes": lambda n, a: f"<tool_call>\n{json.dumps({'name': n, 'arguments': a})}\n</tool_call>",
    "qwen coder": lambda n, a: f"<tool_call>\n{xml(n, a)}\n</tool_call>",
    "functionary": lambda n, a: f"<function={n}>{json.dumps(a)}</function>",
    "mistral": lambda n, a: f"[TOOL_CALLS][{json.dumps({'name': n, 'arguments': a})}]",
    "devstral": lambda n, a: f"[TOOL_CALLS]{n}[ARGS]{json.dumps(a)}",
    "llama": lambda n, a: f"<|python_tag|>{json.dumps({'name': n, 'parameters': a})}",
    "granite": lambda n, a: f"<|tool_call|>[{json.dumps({'name': n, 'arguments': a})}]",
    "deepseek": lambda n, a: f"<｜tool▁call▁begin｜>{n}<｜tool▁sep｜>{json.dumps(a)}<｜tool▁call▁end｜>",
    "gpt-oss": lambda n, a: (
        f"<|channel|>commentary to=functions.{n} <|constrain|>json<|message|>{json.dumps(a)}<|call|>"
    ),
    "glm": lambda n, a: (
        f"<tool_call>{n}\n"
        + "".join(f"<arg_key>{key}</arg_key>\n<arg_value>{value}</arg_value>\n" for key, value in a.items())
        + "</tool_call>"
    ),
}
strings = st.dictionaries(st.sampled_from(["path", "content"]), plain, max_size=2)


@pytest.mark.parametrize("markup", RENDERED)
@given(st.data())
def test_a_whole_call_in_the_text_is_found_whatever_stands_around_it(markup: str, data: st.DataObject) -> None:
    name, values = data.draw(st.sampled_from(["write_file", "push"])), data.draw(strings)
    before = data.draw(
        plain | st.sampled_from(["", "<tool_call>", '<tool_call>{"name": ', "[TOOL_CALLS]", "<|tool_call|>["])
    )
    after = data.draw(plain | st.sampled_from(["", "\n\n<tool_call>{", "[TOOL_CALLS]push", "<tool_call>\n<function="]))
    if before[-1:] in ("`", "'", '"'):
        return  # only talked about
    found = calls_in_text(before + RENDERED[markup](name, values) + after)
    assert (name, values) in [(call.name, call.arguments) for call in found]


@given(st.text(max_size=60) | marked)
def test_any_text_is_json_or_bad_json(text: str) -> None:
    try:
        json.dumps(loads(text))
    except BadJson:
        pass


@pytest.mark.parametrize(
    "text",
    [
        *(mark * 20_000 for mark in MARKS if len(mark) > 2),
        *(mark + filler * 100_000 for mark in MARKS for filler in " {[" if len(mark) > 2),
        "[TOOL_CALLS]a" + " " * 200_000,
        "<tool_call>" + "{}" * 100_000,
        '{"name": "a", "arguments": ' + '{"a": ' * 50_000,
    ],
    ids=lambda text: f"{text[:20]}...{text[-3:]}",
)
def test_no_text_takes_more_than_a_moment(text: str) -> None:
    """Anything worse than a linear search would run into the tests' time-out."""
    thinking.split(text)
    calls_in_text(text)
