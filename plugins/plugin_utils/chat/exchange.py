# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of one call while it streams, and the completion it ends in."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import thinking
from .assembler import Assembler
from .completion import Completion, ToolCall, Usage
from .dialects import Dialect
from .errors import InterfaceBroken, StreamError, TurnOverrun
from .faults import UnreadableReply, fault
from .markup import calls_in_text, holds_well_formed

# An engine that leaves the connection open after the stream's end mark is not waited for.
END_SECONDS = 1.0
# Below this, a prompt speed says more about the fixed cost of a call than about the engine.
SPEED_PROMPT_TOKENS = 16


@dataclass(frozen=True)
class Deadlines:
    """When to stop waiting. `turn_at` is a moment of time.monotonic().

    A stream that is alive at `turn_at` is a TurnOverrun. One that is silent then gets `grace_seconds` to prove that it
    is alive: silence is never charged to the model. So a call ends at the latest `grace_seconds` after `turn_at`.
    `silence_seconds` is long because a long prompt, or an engine that holds a tool call back until it is whole, is
    silent too.
    """

    turn_at: float
    silence_seconds: float = 120.0
    grace_seconds: float = 30.0

    def silent_at(self, heard: float) -> float:
        """Until when the engine may stay silent after it was last heard."""
        return min(heard + self.silence_seconds, max(self.turn_at, heard) + self.grace_seconds)


class Exchange:
    def __init__(
        self, dialect: Dialect, prompt_characters: int, deadlines: Deadlines, on_tokens: Callable[[int], None] | None
    ) -> None:
        self.deadlines = deadlines
        self.parser = dialect.parser()
        self.started = self.heard_at = time.monotonic()
        self.answered = self.heard = False  # a status came; something of the stream came
        self._chunk = dialect.chunk
        self._assembler = Assembler()
        self._prompt_characters = prompt_characters
        self._first_at: float | None = None
        self._on_tokens = on_tokens

    def take(self, data: bytes) -> float:
        """Take a piece of the stream in; returns the moment until which the next one must come."""
        self.heard_at, self.heard = time.monotonic(), True
        assembler = self._assembler
        for raw in self.parser.feed(data):
            chunk = self._chunk(raw)
            if chunk.get("error"):
                raise fault(None, chunk["error"])
            assembler.add(chunk)
        if self._first_at is None and assembler.deltas:
            self._first_at = self.heard_at
        if self.heard_at > self.deadlines.turn_at and assembler.finish_reason is None:
            usage = assembler.count(self._prompt_characters)
            raise TurnOverrun(self.heard_at - self.started, usage.generated_tokens, usage)
        if self._on_tokens:
            self._on_tokens(assembler.tokens())
        if self.parser.done:
            return self.heard_at + END_SECONDS
        return self.deadlines.silent_at(self.heard_at)

    def completion(self) -> Completion:
        assembler = self._assembler
        if assembler.finish_reason is None:
            raise StreamError("The engine's stream ended before the completion did.")
        calls = assembler.tool_calls()
        split = thinking.split(assembler.text)
        for call in calls:
            # What the length limit cut is nobody's fault.
            broken = call.malformed and assembler.finish_reason != "length"
            if broken and holds_well_formed(split.text, call.name or None):
                raise InterfaceBroken(
                    "parser", f"The engine made a broken call of {call.name or 'a tool'} out of one that was whole."
                )
        return self._result(assembler.finish_reason, calls, split)

    def unreadable(self, error: UnreadableReply) -> Completion:
        """Calls that came whole before the engine gave up stand. Else the raw text says whose fault it was."""
        calls = self._assembler.tool_calls()
        split = thinking.split(self._assembler.text)
        if not any(call.malformed is None for call in calls):
            for raw in (thinking.split(error.raw).text, thinking.split(self._assembler.text + error.raw).text):
                if holds_well_formed(raw):
                    raise InterfaceBroken("parser", f"The engine could not read a call that was whole: {error.message}")
            what = f"the engine could not read it: {error.message}"
            calls = (ToolCall("call_1", "", error.raw or split.text, None, what),)
        return self._result("unreadable", calls, split)

    def _result(self, finish_reason: str, calls: tuple[ToolCall, ...], split: thinking.Split) -> Completion:
        assembler, ended = self._assembler, self.heard_at
        first = self._first_at if self._first_at is not None else ended
        reasoning = "\n\n".join(part for part in (assembler.reasoning, split.reasoning) if part)
        usage = assembler.count(self._prompt_characters, len(reasoning))
        return Completion(
            text=split.text,
            reasoning=reasoning,
            tool_calls=calls,
            finish_reason=finish_reason,
            usage=usage,
            ttft_seconds=first - self.started,
            prompt_tokens_per_second=_prompt_speed(usage, assembler.timings, first - self.started),
            generated_tokens_per_second=_generated_speed(usage, assembler.timings, ended - first),
            seconds=ended - self.started,
            reasoning_shape=assembler.reasoning_shape or split.shape,
            reasoning_blocks=assembler.reasoning_blocks,
            text_calls=() if calls else calls_in_text(split.text),
            truncated=assembler.truncated,
            draft_tokens=assembler.drafted("draft_n"),
            draft_accepted_tokens=assembler.drafted("draft_n_accepted"),
        )


def _prompt_speed(usage: Usage, timings: Mapping[str, Any], seconds: float) -> float | None:
    processed, speed = timings.get("prompt_n"), timings.get("prompt_per_second")
    if isinstance(processed, int) and isinstance(speed, (int, float)):
        return float(speed) if processed >= SPEED_PROMPT_TOKENS else None
    fresh = usage.prompt_tokens - usage.cached_tokens
    return fresh / seconds if fresh >= SPEED_PROMPT_TOKENS and seconds > 0 else None


def _generated_speed(usage: Usage, timings: Mapping[str, Any], seconds: float) -> float | None:
    speed = timings.get("predicted_per_second")
    if isinstance(speed, (int, float)) and usage.generated_tokens > 1:
        return float(speed)
    # The first token's time is the prompt's.
    return (usage.generated_tokens - 1) / seconds if usage.generated_tokens > 1 and seconds > 0 else None
