# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one model call gave, the same for every engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Where an engine counts nothing. Only ever shown as "estimated".
CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class ToolCall:
    """A call as the model wrote it. `malformed` says what is wrong with it; then `arguments` is None."""

    id: str
    name: str
    arguments_text: str
    arguments: dict[str, Any] | None
    malformed: str | None = None


@dataclass(frozen=True)
class Usage:
    """`prompt_tokens` is the whole prompt; `cached_tokens` of them the engine had already, if it `tells_cached`."""

    prompt_tokens: int
    cached_tokens: int
    generated_tokens: int
    reasoning_tokens: int
    source: str  # "engine" or "estimated"
    tells_cached: bool = False


@dataclass(frozen=True)
class Completion:
    """`text` has no reasoning in it.

    `reasoning_shape` names the field or the opening tag it came in, `reasoning_blocks` are the parts as they came where
    it came in parts: some are signed, and only the very same part is taken back.
    `text_calls` are the calls found in the text where the engine reported none.
    `draft_tokens` were guessed ahead (speculative decoding), `draft_accepted_tokens` of them were right.
    `truncated`: the engine says itself that it cut the prompt. Most that do so say nothing.
    """

    text: str
    reasoning: str
    tool_calls: tuple[ToolCall, ...]
    finish_reason: str
    usage: Usage
    ttft_seconds: float
    prompt_tokens_per_second: float | None
    generated_tokens_per_second: float | None
    seconds: float
    reasoning_shape: str | None = None
    reasoning_blocks: tuple[dict[str, Any], ...] = ()
    text_calls: tuple[ToolCall, ...] = ()
    truncated: bool = False
    draft_tokens: int = 0
    draft_accepted_tokens: int = 0

    @property
    def cut(self) -> bool:
        """Whether the engine stopped it at the length limit."""
        return self.finish_reason == "length"
