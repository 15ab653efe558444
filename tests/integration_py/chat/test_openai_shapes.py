# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LM Studio and clouds over HTTP, played; and what an engine says of itself."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import (
    Applied,
    ChatError,
    Client,
    Completion,
    Deadlines,
    EngineFailure,
    NotLoaded,
    OptionRefused,
    read_back,
)
from ansible_collections.local_llm.lab.tests.fakes.canned import Answer, Canned
from ansible_collections.local_llm.lab.tests.fakes.wires import Said, openai_stream

HELLO = ({"role": "user", "content": "hi"},)
COMPLETIONS = "/v1/chat/completions"
SSE = "text/event-stream"
KEY = "sk-planted-0123456789"
# As 1_developer/2_rest/list.md of lmstudio-ai/docs has it.
LM_STUDIO_MODELS = {
    "models": [
        {"type": "llm", "key": "deepseek-r1", "loaded_instances": []},
        {
            "type": "llm",
            "key": "google/gemma-4-26b-a4b",
            "loaded_instances": [
                {"id": "gemma-here", "config": {"context_length": 8192, "parallel": 4, "flash_attention": True}}
            ],
            "max_context_length": 262144,
        },
    ]
}


def played(*answers: Answer, path: str = COMPLETIONS) -> Canned:
    return Canned({path: answers})


def ask(engine: Canned, name: str, **sampling: Any) -> Completion:
    with Client(engine.base_url, KEY, "m", name) as client:
        return client.complete(HELLO, [], sampling, 100, Deadlines(time.monotonic() + 20))


@pytest.mark.parametrize("engine", ["lm_studio", "openai_compatible"])
@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "reasoning_details", "thinking_blocks", "blocks"])
def test_reasoning_text_and_calls_come_apart(engine: str, field: str) -> None:
    said = [Said(reasoning="I "), Said(reasoning="see"), Said(text="Done."), Said(name="push", arguments={"a": 1})]
    with played(Answer(openai_stream(said, field), kind=SSE)) as server:
        reply = ask(server, engine, reasoning="low", temperature=0.3)
    assert (reply.reasoning, reply.text, reply.tool_calls[0].arguments) == ("I see", "Done.", {"a": 1})
    assert reply.reasoning_shape == ("content" if field == "blocks" else field)
    (asked,) = server.requests
    assert (asked["reasoning_effort"], asked["temperature"], asked["model"]) == ("low", 0.3, "m")
    assert "reasoning" not in asked


def test_a_cloud_that_wants_another_limit_gets_it_and_is_not_asked_wrongly_again() -> None:
    refusal = {"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "code": "x"}
    stream = Answer(openai_stream([Said(text="Done.")]), kind=SSE)
    with (
        played(Answer({"error": refusal}, 400), stream) as server,
        Client(server.base_url, KEY, "m", "openai_compatible") as client,
    ):
        for _unused in range(2):
            reply = client.complete(HELLO, [], {}, 100, Deadlines(time.monotonic() + 20))
    assert reply.text == "Done."
    limits = [[key for key in asked if key.startswith("max_")] for asked in server.requests]
    assert limits == [["max_tokens"], ["max_completion_tokens"], ["max_completion_tokens"]]


def test_an_option_that_a_model_does_not_take_is_told_apart_from_a_failure() -> None:
    refusal = {"message": f"Unsupported value: 'reasoning_effort' does not support 'none' ({KEY})."}
    with (
        played(Answer({"error": refusal}, 400)) as server,
        pytest.raises(OptionRefused, match="does not support 'none'") as caught,
    ):
        ask(server, "openai_compatible", reasoning="off")
    assert KEY not in str(caught.value)
    assert len(server.requests) == 1


def test_lm_studio_says_which_window_it_loaded() -> None:
    with played(Answer(LM_STUDIO_MODELS), path="/api/v1/models") as server:
        for name in ("gemma-here", "google/gemma-4-26b-a4b"):
            assert read_back(server.base_url, None, "lm_studio", name) == Applied(window_tokens=8192, slots=4)
        with pytest.raises(NotLoaded, match="deepseek-r1 is not loaded; loaded: gemma-here"):
            read_back(server.base_url + "/v1", KEY, "lm_studio", "deepseek-r1")


def test_a_cloud_is_not_asked_what_it_would_not_say() -> None:
    assert read_back("http://127.0.0.1:9", KEY, "openai_compatible", "m") == Applied()


@pytest.mark.parametrize(
    "answer",
    [Answer({}, 500), Answer(b"<html>"), Answer([1]), Answer(b"[" * 100_000), Answer(b"", 204)],
)
def test_an_engine_that_answers_nonsense_is_an_engine_failure(answer: Answer) -> None:
    paths = {path: [answer] for path in ("/props", "/api/v1/models", "/api/ps")}
    with Canned(paths) as server:
        for engine in ("llama_cpp", "lm_studio", "ollama"):
            with pytest.raises(EngineFailure, match=r"answered with status|cannot be read|did not answer"):
                read_back(server.base_url, None, engine, "m")
    with pytest.raises(EngineFailure, match=r"cannot be read .ConnectError"):
        read_back(server.base_url, None, "llama_cpp", "m")


@pytest.mark.parametrize("value", [None, 1, "x", [], [1], {"a": 1}])
def test_fields_of_another_shape_are_not_believed(value: Any) -> None:
    odd = {"default_generation_settings": value, "total_slots": "2", "chat_template": 5, "build_info": value}
    answers = {"/props": [Answer(odd)], "/api/v1/models": [Answer({"models": value})]}
    with Canned(answers) as server:
        applied = read_back(server.base_url, None, "llama_cpp", "m")
        assert (applied.window_tokens, applied.slots, applied.template_sha256) == (None, None, None)
        with pytest.raises(NotLoaded, match="loaded: nothing"):
            read_back(server.base_url, None, "lm_studio", "m")


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ChatError, match="no engine 'vllm'"):
        read_back("http://127.0.0.1:9", None, "vllm", "m")
    with pytest.raises(ChatError, match="no engine 'vllm'"):
        Client("http://127.0.0.1:9", None, "m", "vllm")
