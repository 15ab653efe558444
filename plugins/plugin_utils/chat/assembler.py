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
from .strict_json import BadJson, loads

# A gateway may send the same reasoning in several fields at once: the first one present counts.
REASONING_STRINGS = ("reasoning_content", "reasoning", "thinking")
REASONING_BLOCKS = ("thinking_blocks", "reasoning_details")
CONTENT_BLOCKS = "content"  # the shape's name where reasoning comes as parts of the content
_BLOCK_TEXTS = ("thinking", "text", "summary")
# A part comes in pieces: these fields grow, the others are said once.
_GROWING = (*_BLOCK_TEXTS, "data")


@dataclass
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class Assembler:
    """Collects what the deltas bring. Only well-shaped chunks get in, anything else is a StreamError."""

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self.usage: dict[str, Any] = {}
        self.timings: dict[str, Any] = {}
        self.truncated = False
        self.deltas = 0
        self.reasoning_shape: str | None = None
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._blocks: list[dict[str, Any]] = []
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}

    def add(self, chunk: dict[str, Any]) -> None:
        if isinstance(chunk.get("usage"), dict):
            self.usage = chunk["usage"]
        if isinstance(chunk.get("timings"), dict):
            self.timings = chunk["timings"]
        if chunk.get("truncated") is True:
            self.truncated = True
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
        grown = self._content(delta.get("content"))
        if not grown or len(delta) > 1:  # most deltas are a word of text and nothing else
            grown = self._thoughts(delta) or grown
        fragments = delta.get("tool_calls") or []
        if not isinstance(fragments, list):
            raise StreamError("The engine sent tool calls that are not a list.")
        for fragment in fragments:
            self._fragment(fragment)
            grown = True
        self.deltas += grown

    def _content(self, content: object) -> bool:
        """Text, or parts as Anthropic and Mistral have them: text and thinking side by side."""
        if not isinstance(content, list):
            return _take(content, "content", self._text)
        grown = False
        for part in content:
            if not isinstance(part, dict):
                raise StreamError("The engine sent a part of the content that is not an object.")
            if part.get("type") in ("thinking", "redacted_thinking"):
                grown = self._block(part, CONTENT_BLOCKS, True) or grown
            elif part.get("type") == "text":
                grown = _take(part.get("text"), "text", self._text) or grown
        return grown

    def _thoughts(self, delta: dict[str, Any]) -> bool:
        grown = False
        for key in REASONING_STRINGS:
            if _take(delta.get(key), key, self._reasoning):
                self.reasoning_shape = self.reasoning_shape or key
                grown = True
                break
        said = grown
        for key in REASONING_BLOCKS:
            blocks = delta.get(key)
            if not blocks:
                continue
            if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
                raise StreamError(f"The engine sent {key} that are not a list of objects.")
            for block in blocks:
                said = self._block(block, key, not grown) or said
            break
        return said

    def _block(self, block: dict[str, Any], shape: str, counts: bool) -> bool:
        """A part of the reasoning, or a piece of the last part; whether its text `counts` or has come otherwise."""
        block = {key: value for key, value in block.items() if value is not None}
        self.reasoning_shape = shape
        said = False
        for key in _BLOCK_TEXTS:
            text = block.get(key)
            if key == "thinking" and isinstance(text, list):  # Mistral: parts within the part
                text = "".join(str(part.get("text") or "") for part in text if isinstance(part, dict))
                block[key] = [{"type": "text", "text": text}]
            if isinstance(text, str) and text:
                said = True
                if counts:
                    self._reasoning.append(text)
        last = self._blocks[-1] if self._blocks else None
        if last is None or not _continues(last, block):
            self._blocks.append(block)
            return said
        for key, value in block.items():
            if key in _GROWING and isinstance(value, str) and isinstance(last.get(key), str):
                last[key] += value
            elif key in _GROWING and isinstance(value, list) and isinstance(last.get(key), list):
                last[key] = [{"type": "text", "text": last[key][0]["text"] + value[0]["text"]}]
            else:
                last[key] = value
        return said

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
        """Which call a fragment continues: by its index, else by its id, else the last one."""
        last = self._calls[-1] if self._calls else None
        if isinstance(index, int):
            known = self._by_index.get(index)
        else:
            known = next((call for call in self._calls if identity and call.id == identity), last)
        if known is None or _is_another(known, identity, name):
            known = _Call()
            self._calls.append(known)
            if isinstance(index, int):
                self._by_index[index] = known
        return known

    @property
    def text(self) -> str:
        """All that came as text, reasoning in tags included."""
        return "".join(self._text)

    @property
    def reasoning(self) -> str:
        return "".join(self._reasoning)

    @property
    def reasoning_blocks(self) -> tuple[dict[str, Any], ...]:
        return tuple(self._blocks)

    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(_finished(call, number) for number, call in enumerate(self._calls, start=1))

    def tokens(self) -> int:
        """Tokens generated so far: the engine's count where it gives one along the way, else the deltas."""
        return _count(self.timings.get("predicted_n")) or self.deltas

    def drafted(self, count: str) -> int:
        """llama.cpp's counts of speculative decoding; it leaves them out where nothing was drafted."""
        return _count(self.timings.get(count)) or 0

    def characters(self) -> int:
        called = sum(len(call.name) + sum(map(len, call.arguments)) for call in self._calls)
        return sum(map(len, self._text)) + sum(map(len, self._reasoning)) + called

    def count(self, prompt_characters: int, thought_characters: int | None = None) -> Usage:
        """The engine's own counts; estimated from the characters where it gives none, and marked so.

        `thought_characters`: how much of the text is reasoning, where that is known better than by the field it is in.
        """
        characters = self.characters()
        engine, timings = self.usage, self.timings
        cached = _first(
            _nested(engine, "prompt_tokens_details", "cached_tokens"),
            _count(engine.get("prompt_cache_hit_tokens")),  # DeepSeek
            _count(timings.get("cache_n")),
        )
        prompt, generated = _count(engine.get("prompt_tokens")), _count(engine.get("completion_tokens"))
        if prompt is None and _count(timings.get("prompt_n")) is not None:
            prompt = timings["prompt_n"] + (cached or 0)
        generated = _first(generated, _count(timings.get("predicted_n")))
        counted = prompt is not None and generated is not None
        if prompt is None:
            prompt = prompt_characters // CHARACTERS_PER_TOKEN
        if generated is None:
            generated = max(self.deltas, characters // CHARACTERS_PER_TOKEN)
        reasoning = _nested(engine, "completion_tokens_details", "reasoning_tokens")
        if not reasoning and characters:
            # llama.cpp does not count reasoning apart: its share of the characters is the best there is.
            thought = sum(map(len, self._reasoning)) if thought_characters is None else thought_characters
            reasoning = round(generated * min(thought, characters) / characters)
        source = "engine" if counted else "estimated"
        return Usage(prompt, cached or 0, generated, reasoning or 0, source, tells_cached=cached is not None)


def _is_another(known: _Call, identity: str, name: str) -> bool:
    """Some engines give every parallel call the index 0, or none, and some no id: then a name begins a new call."""
    if not name or not known.name:
        return False
    if identity and known.id:
        return identity != known.id
    return name != known.name or _finished(known, 0).arguments is not None


def _continues(last: dict[str, Any], block: dict[str, Any]) -> bool:
    """By its index; without one, while it is of the same type and the last one is not signed and sealed."""
    if "index" in last or "index" in block:
        return last.get("index") == block.get("index") and last.get("type") == block.get("type", last.get("type"))
    if last.get("type") == "redacted_thinking" or last.get("signature"):
        return False
    return last.get("type") == block.get("type")


def _take(piece: object, key: str, parts: list[str]) -> bool:
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
        arguments = loads(text) if text.strip() else {}
    except BadJson as error:
        return ToolCall(identity, call.name, text, None, f"its arguments are not valid JSON ({error})")
    if not isinstance(arguments, dict):
        return ToolCall(identity, call.name, text, None, "its arguments are not a JSON object")
    return ToolCall(identity, call.name, text, arguments)


def _first(*counts: int | None) -> int | None:
    return next((count for count in counts if count is not None), None)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _nested(usage: dict[str, Any], group: str, key: str) -> int | None:
    details = usage.get(group)
    return _count(details.get(key)) if isinstance(details, dict) else None
