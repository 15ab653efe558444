# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each engine is asked, and how its answer is read."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import (
    ChatError,
    EngineFailure,
    OptionRefused,
    StreamError,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.dialects import DIALECTS, dialect

HELLO = ({"role": "user", "content": "hi"},)
TOOL = {"type": "function", "function": {"name": "push", "parameters": {"type": "object"}}}


def body(engine: str, messages: Any = HELLO, **sampling: Any) -> dict[str, Any]:
    return dialect(engine).body("m", messages, [], sampling, 100)


@pytest.mark.parametrize(
    ("engine", "reasoning", "asked"),
    [
        ("llama_cpp", "on", {"chat_template_kwargs": {"enable_thinking": True}}),
        ("llama_cpp", "off", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("llama_cpp", "low", {"chat_template_kwargs": {"enable_thinking": True, "reasoning_effort": "low"}}),
        ("lm_studio", "off", {"reasoning_effort": "none"}),
        ("lm_studio", "on", {"reasoning_effort": "medium"}),
        ("openai_compatible", "high", {"reasoning_effort": "high"}),
        ("openai_compatible", "off", {"reasoning_effort": "none"}),
        ("ollama", "on", {"think": True}),
        ("ollama", "off", {"think": False}),
        ("ollama", "medium", {"think": "medium"}),
    ],
)
def test_reasoning_is_asked_for_in_the_engines_words(engine: str, reasoning: str, asked: dict[str, Any]) -> None:
    with_it, without = body(engine, reasoning=reasoning), body(engine, reasoning=None)
    assert {key: value for key, value in with_it.items() if without.get(key) != value} == asked
    assert without == body(engine)


def test_yaml_reads_a_bare_on_and_off_as_booleans() -> None:
    assert body("ollama", reasoning=False) == body("ollama", reasoning="off")
    assert body("ollama", reasoning=True) == body("ollama", reasoning="on")
    with pytest.raises(OptionRefused, match=r"no reasoning 'maximal'.*choose one of on, off, low"):
        body("llama_cpp", reasoning="maximal")


def test_other_template_arguments_of_the_chat_config_are_kept_and_win() -> None:
    asked = body("llama_cpp", reasoning="on", chat_template_kwargs={"enable_thinking": False, "x": 1})
    assert asked["chat_template_kwargs"] == {"enable_thinking": False, "x": 1}


@pytest.mark.parametrize("engine", sorted(DIALECTS.keys() - {"ollama"}))
def test_openais_shape_passes_every_option_on(engine: str) -> None:
    asked = body(engine, temperature=0.2, mirostat=2)
    assert (asked["temperature"], asked["mirostat"], asked["max_tokens"], asked["model"]) == (0.2, 2, 100, "m")
    assert asked["stream"] is True and asked["stream_options"] == {"include_usage": True}
    assert "tools" not in asked


def test_a_cloud_is_sent_nothing_that_was_not_asked_for() -> None:
    assert body("openai_compatible").keys() == {"model", "messages", "max_tokens", "stream", "stream_options"}


def test_a_cloud_that_names_the_other_limit_in_its_refusal_is_asked_with_that() -> None:
    cloud = dialect("openai_compatible")
    refusal = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    )
    assert cloud.learn(EngineFailure(refusal))
    asked = cloud.body("m", HELLO, [], {}, 100)
    assert (asked["max_completion_tokens"], "max_tokens" in asked) == (100, False)
    assert not cloud.learn(EngineFailure(refusal)), "once"
    assert cloud.learn(EngineFailure("stream_options: Extra inputs are not permitted"))
    assert "stream_options" not in cloud.body("m", HELLO, [], {}, 100)
    assert not cloud.learn(EngineFailure("no such model"))


def test_ollama_gets_its_options_and_never_a_shortened_prompt() -> None:
    asked = dialect("ollama").body("m", HELLO, [TOOL], {"temperature": 0, "num_ctx": 4096, "keep_alive": "1h"}, 100)
    assert asked["options"] == {"temperature": 0, "num_ctx": 4096, "num_predict": 100}
    assert (asked["truncate"], asked["shift"], asked["keep_alive"], asked["tools"]) == (False, False, "1h", [TOOL])
    with pytest.raises(OptionRefused, match="no option mirostat_x"):
        body("ollama", mirostat_x=2)


def test_ollama_gets_the_history_in_its_own_shape() -> None:
    history = [
        *HELLO,
        {
            "role": "assistant",
            "content": "",
            "thinking": "why",
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "write_file", "arguments": '{"path": "x"}'}},
                {"id": "b", "type": "function", "function": {"name": "push", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "b", "content": "pushed"},
    ]
    assert body("ollama", history)["messages"] == [
        *HELLO,
        {
            "role": "assistant",
            "content": "",
            "thinking": "why",
            "tool_calls": [
                {"id": "a", "function": {"name": "write_file", "arguments": {"path": "x"}}},
                {"id": "b", "function": {"name": "push", "arguments": {}}},
            ],
        },
        {"role": "tool", "content": "pushed", "tool_call_id": "b", "tool_name": "push"},
    ]


def test_ollamas_prompt_speed_is_only_believed_when_nothing_was_cached() -> None:
    done = {"done": True, "message": {}, "prompt_eval_count": 100, "prompt_eval_duration": 10**9}
    ollama = dialect("ollama")
    for history, processed in ((HELLO, 100), ([*HELLO, {"role": "assistant", "content": "x"}], 0)):
        ollama.body("m", history, [], {}, 1)
        assert ollama.chunk(done)["timings"] == {"prompt_per_second": 100.0, "prompt_n": processed}


def test_ollamas_message_of_another_shape_is_refused() -> None:
    for message in ("x", {"tool_calls": "x"}):
        with pytest.raises(StreamError, match="another shape"):
            dialect("ollama").chunk({"message": message})


def test_an_unknown_engine_is_named_with_those_there_are() -> None:
    with pytest.raises(ChatError, match=r"no engine 'vllm'.*llama_cpp, lm_studio, ollama, openai_compatible"):
        dialect("vllm")
