# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial has used so far, and the part of its record that says so."""

from __future__ import annotations

import hashlib
import json
import statistics
from dataclasses import dataclass, field
from typing import Any

from ..chat import Completion, TurnOverrun

# What a template puts before every prompt may be in the cache of a model that is cold.
COLD_TOKENS = 16


@dataclass
class Ledger:
    """`turns` counts model calls, whatever became of them.

    `cold_start`: whether the first call found nothing of its prompt in the engine's cache; None where the engine does
    not tell. `generations_sha256` stands for all that was generated: text, reasoning and calls.
    """

    turns: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    reasoning_tokens: int = 0
    draft_tokens: int = 0
    draft_accepted_tokens: int = 0
    usage_source: str = "engine"
    model_seconds: float = 0.0
    tool_seconds: float = 0.0
    tool_calls: int = 0
    refused_calls: int = 0
    malformed_calls: int = 0
    nudges: int = 0
    compactions: int = 0
    last_progress_turn: int = 0
    cold_start: bool | None = None
    generations_sha256: str | None = None
    _ttfts: list[float] = field(default_factory=list)
    _prompt_speeds: list[float] = field(default_factory=list)
    _generated_speeds: list[float] = field(default_factory=list)

    def add(self, completion: Completion) -> None:
        usage = completion.usage
        self.prompt_tokens += usage.prompt_tokens
        self.cached_tokens += usage.cached_tokens
        self.generated_tokens += usage.generated_tokens
        self.reasoning_tokens += usage.reasoning_tokens
        self.draft_tokens += completion.draft_tokens
        self.draft_accepted_tokens += completion.draft_accepted_tokens
        self.model_seconds += completion.seconds
        if usage.source != "engine":
            self.usage_source = usage.source
        if self.generations_sha256 is None and usage.tells_cached:
            self.cold_start = usage.cached_tokens <= COLD_TOKENS
        self._digest(completion)
        self._ttfts.append(completion.ttft_seconds)
        if completion.prompt_tokens_per_second is not None:
            self._prompt_speeds.append(completion.prompt_tokens_per_second)
        if completion.generated_tokens_per_second is not None:
            self._generated_speeds.append(completion.generated_tokens_per_second)

    def _digest(self, completion: Completion) -> None:
        """Chained, so that it is known after every call. A call's id is the engine's, not the model's."""
        calls = [[call.name, call.arguments_text] for call in completion.tool_calls]
        said = json.dumps([self.generations_sha256, completion.text, completion.reasoning, calls])
        self.generations_sha256 = hashlib.sha256(said.encode()).hexdigest()

    def add_overrun(self, overrun: TurnOverrun) -> None:
        """A completion that was stopped while it streamed: it was generated all the same."""
        self.model_seconds += overrun.seconds
        usage = overrun.usage
        self.generated_tokens += usage.generated_tokens if usage else overrun.generated_estimate
        if usage is None or usage.source != "engine":
            self.usage_source = "estimated"
        if usage is not None:
            self.prompt_tokens += usage.prompt_tokens
            self.cached_tokens += usage.cached_tokens
            self.reasoning_tokens += usage.reasoning_tokens

    @property
    def last_speed(self) -> float | None:
        return round(self._generated_speeds[-1], 2) if self._generated_speeds else None

    def as_record(self) -> dict[str, Any]:
        return {
            "turns": self.turns,
            "prompt_tokens": self.prompt_tokens,
            "cached_tokens": self.cached_tokens,
            "generated_tokens": self.generated_tokens,
            "reasoning_tokens": self.reasoning_tokens,
            "draft_tokens": self.draft_tokens,
            "draft_accepted_tokens": self.draft_accepted_tokens,
            "usage_source": self.usage_source,
            "ttft_seconds": _median(self._ttfts),
            "prompt_tokens_per_second": _median(self._prompt_speeds),
            "generated_tokens_per_second": _median(self._generated_speeds),
            "turn_speeds": [round(speed, 2) for speed in self._generated_speeds],
            "model_seconds": round(self.model_seconds, 4),
            "tool_seconds": round(self.tool_seconds, 4),
            "tool_calls": self.tool_calls,
            "refused_calls": self.refused_calls,
            "malformed_calls": self.malformed_calls,
            "nudges": self.nudges,
            "compactions": self.compactions,
            "last_progress_turn": self.last_progress_turn,
            "cold_start": self.cold_start,
            "generations_sha256": self.generations_sha256,
        }


def _median(values: list[float]) -> float | None:
    return round(statistics.median(values), 4) if values else None
