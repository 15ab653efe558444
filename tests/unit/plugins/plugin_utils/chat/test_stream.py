# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From bytes to a completion: whatever the cuts, the garbage and the engine's dialect."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.assembler import Assembler
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.errors import StreamError
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.sse import SseParser


def event(chunk: Any) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def delta(finish: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def fragment(index: int | None, arguments: Any, name: str | None = None, identity: str | None = None) -> dict[str, Any]:
    call: dict[str, Any] = {"function": {"arguments": arguments}}
    if index is not None:
        call["index"] = index
    if name:
        call["function"]["name"] = name
    if identity:
        call["id"] = identity
    return call


def assemble(pieces: list[bytes]) -> tuple[Assembler, SseParser]:
    parser, assembler = SseParser(), Assembler()
    for piece in pieces:
        for chunk in parser.feed(piece):
            assembler.add(chunk)
    return assembler, parser


STREAM = b"".join(
    [
        b": ping\n\n",
        event(delta(role="assistant", content=None)),
        event(delta(reasoning_content="Let me see — ")),
        event(delta(content="I write\n")),
        event(delta(content="data: [DONE]\n")),
        event(delta(tool_calls=[fragment(0, "", "write_file", "a")])),
        event(delta(tool_calls=[fragment(0, '{"path": "grü')])),
        event(delta(tool_calls=[fragment(0, 'n.txt", "content": "x"}')])),
        event(delta(tool_calls=[fragment(1, "{}", "submit", "b")])),
        event(delta("tool_calls")),
        b"event: usage\r\n",
        event({"choices": [], "usage": {"prompt_tokens": 90, "completion_tokens": 30}}),
        b"data: [DONE]\r\n\r\n",
    ]
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_cuts_between_pieces_change_nothing(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    assembler, parser = assemble([STREAM[a:b] for a, b in itertools.pairwise(places)])
    assert parser.done
    assert assembler.text == "I write\ndata: [DONE]\n"
    assert assembler.reasoning == "Let me see — "
    assert [(call.id, call.name, call.arguments) for call in assembler.tool_calls()] == [
        ("a", "write_file", {"path": "grün.txt", "content": "x"}),
        ("b", "submit", {}),
    ]
    assert assembler.finish_reason == "tool_calls"
    usage = assembler.count(1000)
    assert (usage.prompt_tokens, usage.generated_tokens, usage.source) == (90, 30, "engine")


@given(st.integers(0, len(STREAM)))
def test_a_stream_that_ends_early_keeps_every_call_that_was_whole(end: int) -> None:
    assembler, _unused = assemble([STREAM[:end]])
    whole = [call for call in assembler.tool_calls() if call.malformed is None]
    if end >= STREAM.index(b'{"choices": [], "usage"'):
        assert [call.name for call in whole] == ["write_file", "submit"]
        assert assembler.finish_reason == "tool_calls"
    if assembler.finish_reason is None:
        assert end < STREAM.index(b"event: usage")


@given(st.lists(st.binary(max_size=60) | st.sampled_from([STREAM[:200], b"data: ", b"\n", b"data: {}\n"]), max_size=20))
def test_garbage_is_a_stream_error_or_nothing(pieces: list[bytes]) -> None:
    try:
        assembler, _unused = assemble(pieces)
        assembler.tool_calls()
        assembler.count(0)
    except StreamError:
        pass


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "tool_calls", "function", "name", "arguments", "index", "id", "content", "usage"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(st.lists(json_values, max_size=5))
def test_chunks_of_any_shape_are_a_stream_error_or_nothing(values: list[Any]) -> None:
    try:
        assembler, _unused = assemble([event({"choices": [{"delta": value}]}) + event(value) for value in values])
        assembler.tool_calls()
        assembler.count(0)
    except StreamError:
        pass


def test_a_line_without_end_is_refused() -> None:
    parser = SseParser()
    with pytest.raises(StreamError, match="line of more than"):
        for _unused in range(17):
            list(parser.feed(b"x" * 2**20))


def test_parallel_calls_that_all_have_index_0_are_told_apart_by_their_ids() -> None:
    assembler = Assembler()
    for number in (1, 2):
        assembler.add(delta(tool_calls=[fragment(0, json.dumps({"path": f"f{number}"}), "read_file", f"id{number}")]))
    assert [call.arguments for call in assembler.tool_calls()] == [{"path": "f1"}, {"path": "f2"}]


def test_a_call_that_comes_at_once_without_index_and_with_an_object_is_read() -> None:
    assembler = Assembler()
    assembler.add(delta(tool_calls=[fragment(None, {"path": "f"}, "read_file")]))
    (call,) = assembler.tool_calls()
    assert (call.arguments, call.malformed, call.id) == ({"path": "f"}, None, "call_1")


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("write_file", '{"path": "a', "not valid JSON"),
        ("write_file", "[1]", "not a JSON object"),
        ("", "{}", "names no tool"),
        ("write_file", "[" * 100_000, "not valid JSON"),
    ],
)
def test_a_malformed_call_says_what_is_wrong(name: str, text: str, what: str) -> None:
    assembler = Assembler()
    assembler.add(delta(tool_calls=[fragment(0, text, name, "i")]))
    (call,) = assembler.tool_calls()
    assert call.arguments is None
    assert what in str(call.malformed)
    assert call.arguments_text == text


def test_without_the_engines_count_tokens_are_estimated_and_marked_so() -> None:
    assembler = Assembler()
    assembler.add(delta(content="twelve chars"))
    usage = assembler.count(400)
    assert (usage.prompt_tokens, usage.generated_tokens, usage.source) == (100, 3, "estimated")


def test_reasoning_is_counted_by_the_engine_or_by_its_share_of_the_text() -> None:
    assembler = Assembler()
    assembler.add(delta(reasoning="r" * 75))
    assembler.add(delta(content="t" * 25))
    assembler.add({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 40}})
    assert assembler.count(0).reasoning_tokens == 30
    details = {"prompt_tokens": 5, "completion_tokens": 40, "completion_tokens_details": {"reasoning_tokens": 11}}
    assembler.add({"choices": [], "usage": details})
    assert assembler.count(0).reasoning_tokens == 11
