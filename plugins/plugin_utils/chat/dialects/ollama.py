# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ollama's own `/api/chat`: its `/v1` drops `num_ctx`.

A call without `num_ctx` gets the default window, and the model is loaded anew with it: put the loaded window into the
chat config. `truncate` and `shift` are off, so that a prompt that does not fit is an error and not a shorter prompt.
An option it does not know is logged and ignored, so here it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import OptionRefused, StreamError
from ..framing import NdjsonParser
from .base import Dialect

SAMPLING = ("temperature", "top_p", "top_k", "min_p", "typical_p", "seed", "stop")
PENALTIES = ("repeat_penalty", "repeat_last_n", "presence_penalty", "frequency_penalty")
LOADING = ("num_ctx", "num_keep", "num_batch", "num_gpu", "num_thread", "main_gpu", "use_mmap", "draft_num_predict")
OPTIONS = frozenset((*SAMPLING, *PENALTIES, *LOADING))
TOP_LEVEL = frozenset(("format", "keep_alive", "think"))
NANOSECONDS = 1e9


class Ollama(Dialect):
    path = "/api/chat"
    parser = NdjsonParser
    max_tokens_key = "num_predict"

    def __init__(self) -> None:
        self._calls = 0  # of the answer that streams
        self._cold = True

    def with_reasoning(self, options: dict[str, Any], wanted: str) -> dict[str, Any]:
        return {**options, "think": {"on": True, "off": False}.get(wanted, wanted)}

    def finished(self, body: dict[str, Any]) -> dict[str, Any]:
        messages = body.pop("messages")
        self._calls = 0
        self._cold = not any(message.get("role") == "assistant" for message in messages)
        native = {key: body.pop(key) for key in ("model", "stream", "tools", *TOP_LEVEL) if key in body}
        unknown = sorted(body.keys() - OPTIONS - {self.max_tokens_key})
        if unknown:
            raise OptionRefused(f"Ollama has no option {', '.join(unknown)}.", "take it out of the chat config")
        return {**native, "messages": _native(messages), "options": body, "truncate": False, "shift": False}

    def chunk(self, raw: dict[str, Any]) -> dict[str, Any]:
        message = raw.get("message") or {}
        calls = message.get("tool_calls") or [] if isinstance(message, dict) else []
        if not isinstance(message, dict) or not isinstance(calls, list):
            raise StreamError("The engine sent a message of another shape than Ollama's.")
        numbered = []
        for call in calls:
            # Each comes whole. Its own index counts anew in every chunk, or is not there.
            numbered.append({**call, "index": self._calls} if isinstance(call, dict) else call)
            self._calls += 1
        delta = {"content": message.get("content"), "thinking": message.get("thinking"), "tool_calls": numbered}
        choice: dict[str, Any] = {"delta": delta}
        chunk: dict[str, Any] = {"choices": [choice]}
        if raw.get("done") is True:
            choice["finish_reason"] = raw.get("done_reason") or "stop"
            chunk["usage"] = {"prompt_tokens": raw.get("prompt_eval_count"), "completion_tokens": raw.get("eval_count")}
            chunk["timings"] = self._timings(raw)
        if raw.get("error"):
            chunk["error"] = raw["error"]
        return chunk

    def _timings(self, raw: dict[str, Any]) -> dict[str, Any]:
        """The prompt's count has the cached tokens in it, its duration has not: the speed is only true when cold."""
        timings: dict[str, Any] = {}
        if speed := _speed(raw.get("eval_count"), raw.get("eval_duration")):
            timings["predicted_per_second"] = speed
        if speed := _speed(raw.get("prompt_eval_count"), raw.get("prompt_eval_duration")):
            timings["prompt_per_second"] = speed
            timings["prompt_n"] = raw["prompt_eval_count"] if self._cold else 0
        return timings


def _speed(tokens: object, nanoseconds: object) -> float | None:
    if isinstance(tokens, int) and isinstance(nanoseconds, int) and nanoseconds > 0:
        return tokens * NANOSECONDS / nanoseconds
    return None


def _native(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """OpenAI's history in Ollama's shape: arguments as objects, results by the tool's name."""
    names: dict[str, str] = {}
    native = []
    for message in messages:
        one: dict[str, Any] = {"role": message["role"], "content": message.get("content") or ""}
        if message.get("thinking"):
            one["thinking"] = message["thinking"]
        if message.get("tool_calls"):
            one["tool_calls"] = []
            for call in message["tool_calls"]:
                function = call["function"]
                names[call["id"]] = function["name"]
                arguments = json.loads(function["arguments"] or "{}")
                one["tool_calls"].append(
                    {"id": call["id"], "function": {"name": function["name"], "arguments": arguments}}
                )
        if message["role"] == "tool":
            one["tool_call_id"] = message["tool_call_id"]
            one["tool_name"] = names.get(message["tool_call_id"], "")
        native.append(one)
    return native
