# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chunks of one streamed completion → its text, reasoning, tool calls, finish reason and counts. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from .completion import CHARACTERS_PER_TOKEN, ToolCall, Usage
from .errors import StreamError

REASONING_KEYS = ("reasoning_content", "reasoning")


@dataclass
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class Assembler:
    """Collects what the deltas bring. Only well-shaped chunks get in, anything else is a StreamError."""

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self.usage: dict[str, Any] | None = None
        self.timings: dict[str, Any] = {}
        self.deltas = 0
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}

    def add(self, chunk: dict[str, Any]) -> None:
        if isinstance(chunk.get("usage"), dict):
            self.usage = chunk["usage"]
        if isinstance(chunk.get("timings"), dict):
            self.timings = chunk["timings"]
        choices = chunk.get("choices") or []
        if not isinstance(choices, list):
            raise StreamError("The engine sent a chunk whose choices are not a list.")
        for choice in choices[:1]:
            if not isinstance(choice, dict):
                raise StreamError("The engine sent a choice that is not an object.")
            delta = choice.get("delta") or {}
            if not isinstance(delta, dict):
                raise StreamError("The engine sent a delta that is not an object.")
            self._delta(delta)
            if choice.get("finish_reason") is not None:
                self.finish_reason = str(choice["finish_reason"])

    def _delta(self, delta: dict[str, Any]) -> None:
        grown = _take(delta, "content", self._text)
        for key in REASONING_KEYS:
            if _take(delta, key, self._reasoning):
                grown = True
                break
        fragments = delta.get("tool_calls") or []
        if not isinstance(fragments, list):
            raise StreamError("The engine sent tool calls that are not a list.")
        for fragment in fragments:
            self._fragment(fragment)
            grown = True
        self.deltas += grown

    def _fragment(self, fragment: object) -> None:
        if not isinstance(fragment, dict) or not isinstance(fragment.get("function", {}), dict):
            raise StreamError("The engine sent a tool call that is not an object.")
        function = fragment.get("function") or {}
        name, identity = function.get("name") or "", fragment.get("id") or ""
        arguments = function.get("arguments")
        if not isinstance(name, str) or not isinstance(identity, str):
            raise StreamError("The engine sent a tool call whose id or name is not a string.")
        call = self._call(fragment.get("index"), identity, name)
        call.id = call.id or identity
        call.name = call.name or name
        if isinstance(arguments, str):
            call.arguments.append(arguments)
        elif arguments is not None:
            # Some engines send the arguments as an object at once.
            call.arguments.append(json.dumps(arguments))

    def _call(self, index: object, identity: str, name: str) -> _Call:
        """Which call a fragment continues: by its index, or the last one where the engine gives no index."""
        last = self._calls[-1] if self._calls else None
        known = self._by_index.get(index) if isinstance(index, int) else last
        # Some engines give every parallel call the index 0 (or none): a new id together with a name is a new call.
        if known is None or (identity and name and known.id and identity != known.id):
            known = _Call()
            self._calls.append(known)
            if isinstance(index, int):
                self._by_index[index] = known
        return known

    @property
    def text(self) -> str:
        return "".join(self._text)

    @property
    def reasoning(self) -> str:
        return "".join(self._reasoning)

    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(_finished(call, number) for number, call in enumerate(self._calls, start=1))

    def characters(self) -> int:
        called = sum(len(call.name) + sum(map(len, call.arguments)) for call in self._calls)
        return sum(map(len, self._text)) + sum(map(len, self._reasoning)) + called

    def count(self, prompt_characters: int) -> Usage:
        """The engine's own counts; estimated from the characters where it gives none, and marked so."""
        characters = self.characters()
        engine = self.usage or {}
        prompt, generated = _count(engine.get("prompt_tokens")), _count(engine.get("completion_tokens"))
        counted = prompt is not None and generated is not None
        if prompt is None:
            prompt = prompt_characters // CHARACTERS_PER_TOKEN
        if generated is None:
            generated = max(self.deltas, characters // CHARACTERS_PER_TOKEN)
        reasoning = _nested(engine, "completion_tokens_details", "reasoning_tokens")
        if not reasoning and characters:
            # llama.cpp does not count reasoning apart: its share of the characters is the best there is.
            reasoning = round(generated * sum(map(len, self._reasoning)) / characters)
        cached = _nested(engine, "prompt_tokens_details", "cached_tokens")
        return Usage(prompt, cached or 0, generated, reasoning or 0, "engine" if counted else "estimated")


def _take(delta: dict[str, Any], key: str, parts: list[str]) -> bool:
    piece = delta.get(key)
    if piece is None or piece == "":
        return False
    if not isinstance(piece, str):
        raise StreamError(f"The engine sent {key} that is not a string.")
    parts.append(piece)
    return True


def _finished(call: _Call, number: int) -> ToolCall:
    text = "".join(call.arguments)
    identity = call.id or f"call_{number}"
    if not call.name:
        return ToolCall(identity, "", text, None, "the call names no tool")
    try:
        # No arguments at all is how some engines write a call without any.
        arguments = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        return ToolCall(identity, call.name, text, None, f"its arguments are not valid JSON ({error})")
    if not isinstance(arguments, dict):
        return ToolCall(identity, call.name, text, None, "its arguments are not a JSON object")
    return ToolCall(identity, call.name, text, arguments)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _nested(usage: dict[str, Any], group: str, key: str) -> int | None:
    details = usage.get(group)
    return _count(details.get(key)) if isinstance(details, dict) else None
