# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator's lower half: a reply as the bytes that llama.cpp, a cloud or Ollama would stream for it.

From what llama.cpp b11549 really sends, OpenAI's and OpenRouter's API references, and Ollama's docs/api.md and
api/types.go.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

CHARACTERS = 4  # of a token, in every simulator


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


def limited(said: Sequence[Said], limit_tokens: int | None) -> tuple[list[Said], int, bool]:
    """What is said up to a limit, its tokens (of four characters), and whether the limit ended it."""
    left = 10**9 if limit_tokens is None else limit_tokens * CHARACTERS
    kept, before = [], left
    for one in said:
        size = len(one.text) + len(one.reasoning) + (len(one.name) + len(json.dumps(one.arguments)) if one.name else 0)
        if size > left:
            return [*kept, Said(one.text[:left], one.reasoning[:left])], limit_tokens or 0, True
        kept.append(one)
        left -= size
    return kept, max(1, (before - left) // CHARACTERS), False


def openai_stream(
    said: Sequence[Said],
    field: str = "reasoning_content",
    finish: str | None = None,
    limit_tokens: int | None = None,
) -> bytes:
    """`field`: where reasoning goes; `blocks` means parts of the content, as Anthropic has them.

    Without a limit, 30 tokens are counted whatever is said.
    """
    generated = 30
    if limit_tokens is not None:
        said, generated, cut = limited(said, limit_tokens)
        finish = "length" if cut else finish
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
    chunks.append({"choices": [], "usage": {"prompt_tokens": 90, "completion_tokens": generated}})
    return b": ping\n\n" + b"".join(map(event, chunks)) + b"data: [DONE]\n\n"


def ollama_stream(said: Sequence[Said], finish: str = "stop", limit_tokens: int | None = None) -> bytes:
    generated = 30
    if limit_tokens is not None:
        said, generated, cut = limited(said, limit_tokens)
        finish = "length" if cut else finish
    lines: list[dict[str, Any]] = []
    for number, one in enumerate(said):
        message: dict[str, Any] = {"role": "assistant", "content": one.text}
        if one.reasoning:
            message["thinking"] = one.reasoning
        if one.name:
            function = {"index": 0, "name": one.name, "arguments": one.arguments}
            message["tool_calls"] = [{"id": f"call_{number}", "function": function}]
        lines.append({"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": False})
    counts = {"prompt_eval_count": 90, "prompt_eval_duration": 10**9, "eval_count": generated, "eval_duration": 10**9}
    last = {"model": "m", "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": finish}
    return b"".join(json.dumps(line).encode() + b"\n" for line in [*lines, {**last, **counts}])
