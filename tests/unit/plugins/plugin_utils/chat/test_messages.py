# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reply becomes in the history, with its reasoning and without."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import Completion, ToolCall, Usage, assistant_message

CALL = ToolCall("a", "push", "{}", {})


def reply(**changes: Any) -> Completion:
    fields: dict[str, Any] = {
        "text": "Done.",
        "reasoning": "",
        "tool_calls": (),
        "finish_reason": "stop",
        "usage": Usage(1, 0, 1, 0, "engine"),
        "ttft_seconds": 0.0,
        "prompt_tokens_per_second": None,
        "generated_tokens_per_second": None,
        "seconds": 0.0,
        **changes,
    }
    return Completion(**fields)


def test_an_empty_reply_says_something_unless_it_calls() -> None:
    assert assistant_message(reply(text=""), (), False) == {"role": "assistant", "content": "..."}
    assert assistant_message(reply(text=""), (CALL,), False)["content"] == ""


def test_a_broken_call_goes_back_with_empty_arguments_and_a_nameless_one_as_unknown() -> None:
    calls = (
        ToolCall("a", "push", '{"x', None, "broken"),
        ToolCall("b", "", "[", None, "broken"),
        ToolCall("c", "x", "", {}),
    )
    sent = assistant_message(reply(), calls, True)["tool_calls"]
    assert [(one["id"], one["function"]) for one in sent] == [
        ("a", {"name": "push", "arguments": "{}"}),
        ("b", {"name": "unknown", "arguments": "{}"}),
        ("c", {"name": "x", "arguments": "{}"}),
    ]


SIGNED = {"type": "thinking", "thinking": "why", "signature": "s1"}


@pytest.mark.parametrize(
    ("shape", "blocks", "expected"),
    [
        ("reasoning_content", (), {"content": "Done.", "reasoning_content": "why"}),
        ("reasoning", (), {"content": "Done.", "reasoning": "why"}),
        ("thinking", (), {"content": "Done.", "thinking": "why"}),
        ("<think>", (), {"content": "<think>\nwhy\n</think>\n\nDone."}),
        ("[THINK]", (), {"content": "[THINK]\nwhy\n[/THINK]\n\nDone."}),
        ("<|channel|>analysis", (), {"content": "Done.", "reasoning_content": "why"}),
        ("thinking_blocks", (SIGNED,), {"content": "Done.", "thinking_blocks": [SIGNED]}),
        ("reasoning_details", (SIGNED,), {"content": "Done.", "reasoning_details": [SIGNED]}),
        ("content", (SIGNED,), {"content": [SIGNED, {"type": "text", "text": "Done."}]}),
    ],
)
def test_reasoning_goes_back_in_the_shape_it_came_in(shape: str, blocks: Any, expected: dict[str, Any]) -> None:
    completion = reply(reasoning="why", reasoning_shape=shape, reasoning_blocks=blocks)
    assert assistant_message(completion, (), echo_reasoning=True) == {"role": "assistant", **expected}
    assert assistant_message(completion, (), echo_reasoning=False) == {"role": "assistant", "content": "Done."}


def test_a_reply_without_reasoning_is_the_same_either_way() -> None:
    for completion in (reply(), reply(reasoning_shape="<think>")):
        assert assistant_message(completion, (CALL,), True) == assistant_message(completion, (CALL,), False)
