# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ollama's own chat, played; the vendor's client reads the same simulator."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from typing import Any

import ollama
import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import (
    Client,
    Completion,
    ContextOverflow,
    Deadlines,
    EngineFailure,
    NotLoaded,
    OptionRefused,
    assistant_message,
    read_back,
)
from ansible_collections.local_llm.lab.tests.fakes.ollama_chat import TEMPLATE, OllamaChat
from ansible_collections.local_llm.lab.tests.fakes.wires import Said

HELLO = ({"role": "user", "content": "hi"},)
WRITE = Said(name="write_file", arguments={"path": "a.txt"})
CALLS = [Said(reasoning="I "), Said(reasoning="see"), Said(text="Now."), WRITE, Said(name="push", arguments={})]
TOOL = {"type": "function", "function": {"name": "push", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture
def played() -> Iterator[OllamaChat]:
    with OllamaChat([CALLS, [Said(text="Done.")]]) as server:
        yield server


def ask(server: OllamaChat, messages: Any = HELLO, model: str = "played", **sampling: Any) -> Completion:
    with Client(server.base_url + "/v1", None, model, "ollama") as client:
        return client.complete(messages, [TOOL], sampling, 100, Deadlines(time.monotonic() + 20))


def test_reasoning_text_and_calls_come_apart_and_are_counted(played: OllamaChat) -> None:
    reply = ask(played, reasoning="on", temperature=0.3, num_ctx=2048)
    assert (reply.reasoning, reply.reasoning_shape, reply.text) == ("I see", "thinking", "Now.")
    assert [(call.name, call.arguments) for call in reply.tool_calls] == [
        ("write_file", {"path": "a.txt"}),
        ("push", {}),
    ]
    assert len({call.id for call in reply.tool_calls}) == 2
    assert (reply.usage.generated_tokens, reply.usage.source, reply.finish_reason) == (30, "engine", "stop")
    assert 0 < reply.usage.reasoning_tokens < 30
    assert reply.generated_tokens_per_second == 30.0
    (asked,) = played.requests
    assert asked["think"] is True
    assert asked["options"] == {"temperature": 0.3, "num_ctx": 2048, "num_predict": 100}


def test_thinking_that_is_off_is_off(played: OllamaChat) -> None:
    reply = ask(played, reasoning="off")
    assert (reply.reasoning, reply.reasoning_shape, reply.usage.reasoning_tokens) == ("", None, 0)


@pytest.mark.parametrize("echo", [True, False])
def test_the_history_goes_back_in_ollamas_shape(played: OllamaChat, echo: bool) -> None:
    first = ask(played)
    results = [{"role": "tool", "tool_call_id": call.id, "content": "ok"} for call in first.tool_calls]
    ask(played, [*HELLO, assistant_message(first, first.tool_calls, echo), *results])
    sent = played.requests[-1]["messages"]
    assert [call["function"]["arguments"] for call in sent[1]["tool_calls"]] == [{"path": "a.txt"}, {}]
    assert [one["tool_name"] for one in sent[2:]] == ["write_file", "push"]
    assert sent[1].get("thinking") == ("I see" if echo else None)


def test_a_prompt_that_does_not_fit_is_an_overflow_where_ollama_would_drop_its_front(played: OllamaChat) -> None:
    long = [*HELLO, {"role": "user", "content": "word " * 4000}, *HELLO]
    with pytest.raises(ContextOverflow):
        ask(played, long, num_ctx=1024)
    played.requests.clear()
    *_unused, last = ollama.Client(played.base_url).chat("played", long, stream=True, options={"num_ctx": 1024})
    assert last.prompt_eval_count < 1024


def test_a_model_that_cannot_think_is_told_apart_from_a_failure() -> None:
    with OllamaChat([CALLS], thinks=False) as server:
        with pytest.raises(OptionRefused, match="does not support thinking"):
            ask(server, reasoning="on")
        with pytest.raises(EngineFailure, match=r"status 404.*'other' not found"):
            ask(server, model="other")


def test_what_is_loaded_is_read_back(played: OllamaChat) -> None:
    with pytest.raises(NotLoaded, match="played is not loaded; loaded: nothing"):
        read_back(played.base_url, None, "ollama", "played")
    ask(played, num_ctx=2048)
    applied = read_back(played.base_url, None, "ollama", "played")
    assert (applied.window_tokens, applied.slots, applied.build) == (2048, None, "0.32.13")
    assert applied.template_sha256 == hashlib.sha256(TEMPLATE.encode()).hexdigest()


def test_the_vendors_own_client_reads_the_simulator(played: OllamaChat) -> None:
    client = ollama.Client(played.base_url)
    parts = list(client.chat("played", HELLO, tools=[TOOL], think=True, stream=True, options={"num_ctx": 2048}))
    assert "".join(part.message.thinking or "" for part in parts) == "I see"
    assert "".join(part.message.content or "" for part in parts) == "Now."
    calls = [call.function for part in parts for call in part.message.tool_calls or []]
    assert [(call.name, call.arguments) for call in calls] == [("write_file", {"path": "a.txt"}), ("push", {})]
    assert (parts[-1].done_reason, parts[-1].eval_count) == ("stop", 30)
    assert client.ps().models[0].context_length == 2048
    assert client.show("played").template == TEMPLATE
    with pytest.raises(ollama.ResponseError, match="not found"):
        list(client.chat("other", HELLO, stream=True))
