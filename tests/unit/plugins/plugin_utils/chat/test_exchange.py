# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One exchange: from the stream to the completion, and whose fault a broken call is."""

from __future__ import annotations

import math
import time

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import (
    Completion,
    Deadlines,
    InterfaceBroken,
    TurnOverrun,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.dialects import dialect
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.exchange import Exchange
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.faults import UnreadableReply, fault
from ansible_collections.local_llm.lab.tests.fakes.wires import Said, delta, event, fragment, openai_stream

WHOLE = '<tool_call>\n{"name": "push", "arguments": {}}\n</tool_call>'
BROKEN = '<tool_call>\n{"name": "push", "arguments": {\n</tool_call>'


def exchange(engine: str = "llama_cpp", turn_at: float = math.inf) -> Exchange:
    return Exchange(dialect(engine), 400, Deadlines(turn_at), None)


def complete(*pieces: bytes) -> Completion:
    call = exchange()
    for piece in pieces:
        call.take(piece)
    return call.completion()


def failing(error: str, *pieces: bytes) -> Completion:
    """What is made of a stream that the engine ends with this error."""
    call = exchange()
    with pytest.raises(UnreadableReply) as caught:
        for piece in (*pieces, event({"error": {"code": 500, "message": error}})):
            call.take(piece)
    return call.unreadable(caught.value)


def test_reasoning_in_tags_is_counted_and_kept_out_of_the_text() -> None:
    reply = complete(openai_stream([Said(text="<thi"), Said(text="nk>I see</think>"), Said(text="Done.")]))
    assert (reply.text, reply.reasoning, reply.reasoning_shape) == ("Done.", "I see", "<think>")
    assert 0 < reply.usage.reasoning_tokens < reply.usage.generated_tokens == 30
    assert complete(openai_stream([Said(text="Done.")])).usage.reasoning_tokens == 0


def test_calls_that_the_engine_left_in_the_text_are_named() -> None:
    (call,) = complete(openai_stream([Said(text="<think>Push.</think>" + WHOLE)])).text_calls
    assert (call.name, call.arguments) == ("push", {})
    (call,) = complete(openai_stream([Said(text=BROKEN)])).text_calls
    assert call.malformed


def test_calls_in_the_text_beside_reported_ones_or_in_the_reasoning_do_not_count() -> None:
    assert complete(openai_stream([Said(text=WHOLE), Said(name="push", arguments={})])).text_calls == ()
    assert complete(openai_stream([Said(reasoning=WHOLE, text="Done.")])).text_calls == ()
    assert complete(openai_stream([Said(text=f"<think>{WHOLE}</think>Done.")])).text_calls == ()


def broken_call(text: str, finish: str = "tool_calls") -> Completion:
    return complete(
        event(delta(content=text)), event(delta(tool_calls=[fragment(0, '{"', "push", "a")])), event(delta(finish))
    )


def test_broken_arguments_are_the_models_unless_its_text_has_the_call_whole() -> None:
    assert broken_call("I push.").tool_calls[0].malformed
    assert broken_call(BROKEN).tool_calls[0].malformed
    with pytest.raises(InterfaceBroken, match="broken call of push out of one that was whole") as caught:
        broken_call(WHOLE)
    assert caught.value.part == "parser"


def test_a_call_that_the_limit_cut_is_nobodys_fault() -> None:
    assert broken_call(WHOLE, "length").tool_calls[0].malformed


@pytest.mark.parametrize(
    "error",
    [
        f"Failed to parse input at pos 0: {WHOLE}",
        f"Failed to parse input at pos 20: <think>Push.</think>{WHOLE}",
        f"error parsing tool call: raw='{WHOLE}', err=unexpected end of JSON input",
    ],
)
def test_a_whole_call_that_the_engine_quotes_in_its_error_is_the_parsers_fault(error: str) -> None:
    with pytest.raises(InterfaceBroken, match="could not read a call that was whole") as caught:
        failing(error)
    assert caught.value.part == "parser"


def test_a_whole_call_in_what_was_streamed_before_the_error_is_the_parsers_fault() -> None:
    unreadable = "The model produced output that does not match the expected Hermes format"
    with pytest.raises(InterfaceBroken):
        failing(unreadable, event(delta(content=WHOLE)))
    with pytest.raises(InterfaceBroken):
        failing("Failed to parse input at pos 11: " + WHOLE[11:], event(delta(content=WHOLE[:11])))


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (f"Failed to parse input at pos 0: {BROKEN}", BROKEN),
        ("The model produced output that does not match the expected Hermes format", "I push."),
        ("error parsing tool call: raw='{\"a\":', err=unexpected end of JSON input", '{"a":'),
    ],
)
def test_a_reply_that_nobody_can_read_is_a_malformed_call_of_the_model(error: str, shown: str) -> None:
    reply = failing(error, event(delta(content="I push.")))
    (call,) = reply.tool_calls
    assert (reply.finish_reason, call.arguments, call.arguments_text) == ("unreadable", None, shown)
    assert "could not read it" in str(call.malformed)


def test_calls_that_came_whole_before_the_engine_gave_up_stand() -> None:
    call = delta(tool_calls=[fragment(0, "{}", "push", "a")])
    reply = failing("The model produced output that does not match the expected Hermes format", event(call))
    assert [(one.name, one.arguments) for one in reply.tool_calls] == [("push", {})]


def test_a_quoted_reply_may_speak_of_anything() -> None:
    """What the model wrote is not taken for what the engine says of itself."""
    assert isinstance(
        fault(500, "Failed to parse input at pos 3: the context size of a jinja template"), UnreadableReply
    )


def test_a_stream_that_outlasts_the_turn_says_what_was_counted_so_far() -> None:
    call = exchange(turn_at=time.monotonic() - 1)
    with pytest.raises(TurnOverrun) as caught:
        call.take(event({**delta(content="a"), "timings": {"predicted_n": 40, "prompt_n": 20, "cache_n": 5}}))
    usage = caught.value.usage
    assert usage is not None
    assert (caught.value.generated_estimate, usage.generated_tokens, usage.prompt_tokens) == (40, 40, 25)
    assert (usage.cached_tokens, usage.source) == (5, "engine")
    with pytest.raises(TurnOverrun) as caught:
        exchange(turn_at=time.monotonic() - 1).take(event(delta(content="a")))
    assert caught.value.usage is not None
    assert (caught.value.usage.prompt_tokens, caught.value.usage.source) == (100, "estimated")
