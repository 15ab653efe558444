# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator's lower half: a reply as the bytes that llama.cpp, a cloud or Ollama would stream for it.

From what llama.cpp b11549 really sends, OpenAI's and OpenRouter's API references, and Ollama's docs/api.md and
api/types.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Said:
    """One thing of a reply, in its order: `text`, `reasoning`, or a call (`name` with `arguments`)."""

    text: str = ""
    reasoning: str = ""
    name: str = ""
    arguments: dict[str, Any] | None = None


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


def openai_stream(said: Sequence[Said], field: str = "reasoning_content", finish: str | None = None) -> bytes:
    """`field`: where reasoning goes; `blocks` means parts of the content, as Anthropic has them."""
    chunks = [delta(role="assistant", content=None)]
    calls = 0
    for one in said:
        if one.reasoning and field == "blocks":
            chunks.append(delta(content=[{"type": "thinking", "thinking": one.reasoning}]))
        elif one.reasoning and field in ("reasoning_details", "thinking_blocks"):
            chunks.append(delta(**{field: [{"type": "reasoning.text", "text": one.reasoning, "index": 0}]}))
        elif one.reasoning:
            chunks.append(delta(**{field: one.reasoning}))
        if one.text and field == "blocks":
            chunks.append(delta(content=[{"type": "text", "text": one.text}]))
        elif one.text:
            chunks.append(delta(content=one.text))
        if one.name:
            arguments = json.dumps(one.arguments)
            chunks.append(delta(tool_calls=[fragment(calls, "", one.name, f"id{calls}")]))
            for start in range(0, len(arguments), 7):
                chunks.append(delta(tool_calls=[fragment(calls, arguments[start : start + 7])]))
            calls += 1
    chunks.append(delta(finish or ("tool_calls" if calls else "stop")))
    chunks.append({"choices": [], "usage": {"prompt_tokens": 90, "completion_tokens": 30}})
    return b": ping\n\n" + b"".join(map(event, chunks)) + b"data: [DONE]\n\n"


def ollama_stream(said: Iterable[Said], finish: str = "stop") -> bytes:
    lines: list[dict[str, Any]] = []
    for number, one in enumerate(said):
        message: dict[str, Any] = {"role": "assistant", "content": one.text}
        if one.reasoning:
            message["thinking"] = one.reasoning
        if one.name:
            function = {"index": 0, "name": one.name, "arguments": one.arguments}
            message["tool_calls"] = [{"id": f"call_{number}", "function": function}]
        lines.append({"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": False})
    counts = {"prompt_eval_count": 90, "prompt_eval_duration": 10**9, "eval_count": 30, "eval_duration": 10**9}
    last = {"model": "m", "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": finish}
    return b"".join(json.dumps(line).encode() + b"\n" for line in [*lines, {**last, **counts}])
