# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chat client against the real llama.cpp, with tiny models that say what they are built to say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import (
    Client,
    Completion,
    ContextOverflow,
    Deadlines,
    TurnOverrun,
    assistant_message,
    read_back,
)
from ansible_collections.local_llm.lab.tests.fakes.tiny_gguf import CALL, THINKING, write_tiny_gguf

HELLO = ({"role": "user", "content": "hi"},)
PARAMETERS = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
    "required": ["path", "content"],
}
TOOL = {"type": "function", "function": {"name": "write_file", "parameters": PARAMETERS}}
WRITE = {"path": "greeting.txt", "content": "Hi"}
# What makes llama.cpp take a template for gpt-oss's.
CHANNELS = THINKING + "{# <|channel|>analysis<|message|><|start|><|end|> #}"

Ask = Callable[..., Completion]


@pytest.fixture
def talk(llama_server: Callable[..., Any], tmp_path: Path) -> Iterator[Callable[..., Ask]]:
    """Serve a model that says this; returns how to ask it."""
    clients: list[Client] = []

    def serve(*says: str, chat_template: str = THINKING, context_tokens: int = 1024) -> Ask:
        path = write_tiny_gguf(tmp_path / "tiny.gguf", says=says)
        engine = llama_server(path, chat_template=chat_template, context_tokens=context_tokens)
        client = Client(engine.base_url, None, "tiny")
        clients.append(client)

        def ask(messages: Any = HELLO, seconds: float = 30.0, max_tokens: int = 40, **sampling: Any) -> Completion:
            deadlines = Deadlines(time.monotonic() + seconds)
            return client.complete(messages, [TOOL], {"temperature": 0, **sampling}, max_tokens, deadlines)

        return ask

    yield serve
    for client in clients:
        client.close()


THINKS = ("<think>", "I see", "</think>", *CALL)


def test_reasoning_is_on_and_off_as_asked_and_calls_are_read(talk: Callable[..., Ask]) -> None:
    ask = talk(*THINKS)
    on, off, default = ask(reasoning="on"), ask(reasoning="off"), ask()
    for reply in (on, off, default):
        assert [(call.name, call.arguments) for call in reply.tool_calls] == [("write_file", WRITE)]
        assert (reply.text, reply.finish_reason, reply.text_calls) == ("", "tool_calls", ())
        assert reply.usage.source == "engine"
    assert (on.reasoning, on.reasoning_shape, default.reasoning) == ("I see", "reasoning_content", "I see")
    assert (on.usage.generated_tokens, off.usage.generated_tokens) == (7, 4)
    assert 0 < on.usage.reasoning_tokens < 7
    assert (off.reasoning, off.reasoning_shape, off.usage.reasoning_tokens) == ("", None, 0)
    assert on.usage.cached_tokens == 0 and default.usage.cached_tokens > 0


def test_the_effort_reaches_the_template(talk: Callable[..., Ask]) -> None:
    ask = talk(*THINKS)
    prompts = {effort: ask(reasoning=effort).usage.prompt_tokens for effort in ("on", "low", "medium")}
    assert prompts["on"] < prompts["low"] < prompts["medium"]


@pytest.mark.parametrize("echo", [True, False])
def test_reasoning_goes_back_or_stays_out(talk: Callable[..., Ask], echo: bool) -> None:
    ask = talk(*THINKS)
    first = ask()
    reply = assistant_message(first, first.tool_calls, echo)
    history = [*HELLO, reply, {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "ok"}]
    bare = [{key: value for key, value in message.items() if key != "reasoning_content"} for message in history]
    assert (ask(history).usage.prompt_tokens > ask(bare).usage.prompt_tokens) == echo


def test_thinking_that_goes_on_although_it_is_off_is_seen(talk: Callable[..., Ask]) -> None:
    template = THINKING.replace("<think></think>", "<think></think>\n")
    reply = talk(*THINKS, chat_template=template)(reasoning="off")
    assert (reply.reasoning, reply.reasoning_shape, reply.text) == ("I see", "<think>", "")


def test_a_whole_call_that_llama_cpp_leaves_in_the_text_is_found(talk: Callable[..., Ask]) -> None:
    """It takes the line break for a part of the tag that the template shows."""
    reply = talk(CALL[0], CALL[1].strip(), CALL[2])()
    assert (reply.tool_calls, reply.finish_reason) == ((), "stop")
    assert [(call.name, call.arguments) for call in reply.text_calls] == [("write_file", WRITE)]


def test_a_reply_that_llama_cpp_cannot_read_is_a_malformed_call(talk: Callable[..., Ask]) -> None:
    reply = talk("<|channel|>", "??", "<|end|>", chat_template=CHANNELS)()
    (call,) = reply.tool_calls
    assert (reply.finish_reason, call.arguments) == ("unreadable", None)
    assert "does not match the expected" in str(call.malformed)


def test_a_stream_that_is_stopped_was_counted_by_the_engine(talk: Callable[..., Ask]) -> None:
    ask = talk("a ", "b ", "c ", context_tokens=4096)
    seen = ask(max_tokens=2).usage
    with pytest.raises(TurnOverrun) as caught:
        ask(seconds=0.5, max_tokens=100_000, ignore_eos=True)
    usage = caught.value.usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.source) == (seen.prompt_tokens, "engine")
    assert usage.generated_tokens > 0


def test_a_prompt_over_the_window_is_an_overflow(talk: Callable[..., Ask]) -> None:
    with pytest.raises(ContextOverflow, match="exceeds the available context size"):
        talk(*THINKS)([{"role": "user", "content": "word " * 2000}])


def test_what_was_applied_is_read_back(llama_server: Callable[..., Any], tiny_gguf: Path) -> None:
    engine = llama_server(tiny_gguf, chat_template=THINKING, context_tokens=1024, parallel=2)
    (instance,) = engine.loaded()
    applied = read_back(engine.base_url, None, "llama_cpp", "tiny")
    assert applied.template_sha256 == instance.chat_template_sha256
    assert (applied.window_tokens, applied.slots) == (1024, 2)
    assert applied.build
