# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From bytes to what was said: whatever the engine's dialect of OpenAI's stream."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.assembler import Assembler
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.errors import StreamError
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.framing import NdjsonParser, SseParser
from ansible_collections.local_llm.lab.tests.fakes.wires import delta, event, fragment


def assemble(pieces: list[bytes]) -> tuple[Assembler, SseParser]:
    parser, assembler = SseParser(), Assembler()
    for piece in pieces:
        for chunk in parser.feed(piece):
            assembler.add(chunk)
    return assembler, parser


def said(*deltas: dict[str, Any]) -> Assembler:
    assembler = Assembler()
    for one in deltas:
        assembler.add(delta(**one))
    return assembler


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


def test_prompt_cached_and_generated_tokens_are_told_apart_whoever_counts() -> None:
    cloud = {"prompt_tokens": 90, "completion_tokens": 30, "prompt_tokens_details": {"cached_tokens": 64}}
    deepseek = {"prompt_tokens": 90, "completion_tokens": 30, "prompt_cache_hit_tokens": 64}
    llama_cpp = {"prompt_n": 26, "cache_n": 64, "predicted_n": 30}
    for chunk in ({"usage": cloud}, {"usage": deepseek}, {"timings": llama_cpp}):
        assembler = Assembler()
        assembler.add(chunk)
        usage = assembler.count(0)
        assert (usage.prompt_tokens, usage.cached_tokens, usage.generated_tokens) == (90, 64, 30)
        assert usage.source == "engine"


def test_tokens_are_counted_along_the_way_by_the_engine_if_it_does() -> None:
    assembler = said({"content": "a"}, {"content": "b"})
    assert assembler.tokens() == 2
    assembler.add({**delta(content="c"), "timings": {"predicted_n": 40}})
    assert assembler.tokens() == 40


@pytest.mark.parametrize(
    "calls",
    [
        # Neither index nor id: a name begins a call.
        [
            fragment(None, {}, "push"),
            fragment(None, {"path": "a"}, "read_file"),
            fragment(None, {"path": "b"}, "read_file"),
        ],
        # The index is always 0, and there are no ids.
        [
            fragment(0, "{}", "push"),
            fragment(0, '{"path": "a"}', "read_file"),
            fragment(0, '{"path": "b"}', "read_file"),
        ],
        # The id is repeated with every piece, the name too.
        [
            fragment(None, "{}", "push", "1"),
            fragment(None, '{"path":', "read_file", "2"),
            fragment(None, ' "a"}', "read_file", "2"),
            fragment(None, '{"path": "b"}', "read_file", "3"),
        ],
        # The pieces of two calls come mixed.
        [
            fragment(0, "{}", "push", "1"),
            fragment(1, '{"path": ', "read_file", "2"),
            fragment(2, '{"path": ', "read_file", "3"),
            fragment(1, '"a"}'),
            fragment(2, '"b"}'),
        ],
    ],
)
def test_parallel_calls_are_told_apart_however_they_are_numbered(calls: list[dict[str, Any]]) -> None:
    found = said(*({"tool_calls": [call]} for call in calls)).tool_calls()
    assert [(call.name, call.arguments) for call in found] == [
        ("push", {}),
        ("read_file", {"path": "a"}),
        ("read_file", {"path": "b"}),
    ]


@pytest.mark.parametrize(
    ("deltas", "shape"),
    [
        ([{"reasoning_content": "I "}, {"reasoning_content": "see"}], "reasoning_content"),
        ([{"reasoning": "I "}, {"reasoning": "see"}], "reasoning"),
        # The same in two fields counts once.
        ([{"reasoning": "I see", "reasoning_content": "I see"}], "reasoning_content"),
        (
            [{"reasoning_details": [{"type": "reasoning.text", "text": t, "index": 0}]} for t in ("I ", "see")],
            "reasoning_details",
        ),
        (
            [{"reasoning": "I see", "reasoning_details": [{"type": "reasoning.summary", "summary": "I see"}]}],
            "reasoning_details",
        ),
        (
            [{"reasoning_content": "I see", "thinking_blocks": [{"type": "thinking", "thinking": "I see"}]}],
            "thinking_blocks",
        ),
        ([{"content": [{"type": "thinking", "thinking": t}]} for t in ("I ", "see")], "content"),
        (
            [{"content": [{"type": "thinking", "thinking": [{"type": "text", "text": t}]}]} for t in ("I ", "see")],
            "content",
        ),
    ],
)
def test_reasoning_is_read_from_every_field_it_comes_in(deltas: list[dict[str, Any]], shape: str) -> None:
    assembler = said(*deltas, {"content": "Done."})
    assert (assembler.reasoning, assembler.reasoning_shape, assembler.text) == ("I see", shape, "Done.")


def test_parts_of_the_reasoning_are_put_together_and_keep_their_seals() -> None:
    pieces = [
        {"type": "thinking", "thinking": "I "},
        {"type": "thinking", "thinking": "see"},
        {"type": "thinking", "thinking": "", "signature": "sealed"},
        {"type": "thinking", "thinking": "More."},
        {"type": "redacted_thinking", "data": "xyz"},
    ]
    assembler = said(*({"content": [piece]} for piece in pieces), {"content": [{"type": "text", "text": "Done."}]})
    assert assembler.reasoning_blocks == (
        {"type": "thinking", "thinking": "I see", "signature": "sealed"},
        {"type": "thinking", "thinking": "More."},
        {"type": "redacted_thinking", "data": "xyz"},
    )
    assert (assembler.reasoning, assembler.text) == ("I seeMore.", "Done.")


def test_ollamas_lines_end_with_the_one_that_says_done() -> None:
    parser = NdjsonParser()
    assert [one["n"] for one in parser.feed(b'{"n": 1}\n\n{"n": 2, "done": true}\nrubbish\n')] == [1, 2]
    assert parser.done


def test_an_engine_that_says_it_cut_the_prompt_is_heard() -> None:
    assembler = said({"content": "x"})
    assert not assembler.truncated
    assembler.add({"choices": [], "truncated": True})
    assert assembler.truncated
