# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of a trial, and how many tokens the next prompt will hold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..chat import Completion, EngineFailure

# Code and JSON take about three bytes per token. Too many tokens estimated ends a trial a little early, too few
# overruns the engine's window: the estimate leans to many.
BYTES_PER_TOKEN = 3


class History:
    """Only ever grows. What is new since the engine's last count is estimated, the rest is the engine's count."""

    def __init__(self, opening: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> None:
        self.messages: list[Mapping[str, Any]] = []
        self._counted_tokens = 0
        self._last_prompt = 0
        self._new_bytes = len(json.dumps(tools))
        for message in opening:
            self.add(message)

    def add(self, message: Mapping[str, Any]) -> None:
        self.messages.append(message)
        self._new_bytes += len(json.dumps(message, ensure_ascii=False).encode(errors="replace"))

    def add_reply(self, message: Mapping[str, Any]) -> None:
        """The model's own message: the engine has counted it already."""
        self.messages.append(message)

    def prompt_estimate(self) -> int:
        return self._counted_tokens + self._new_bytes // BYTES_PER_TOKEN

    def counted(self, completion: Completion) -> None:
        """Take the engine's count over. A prompt that did not grow with the history was truncated."""
        usage = completion.usage
        if usage.source == "engine":
            last_prompt = self._last_prompt
            if usage.prompt_tokens <= last_prompt:
                raise EngineFailure(
                    f"The engine truncated the prompt: it counts {usage.prompt_tokens} tokens, "
                    f"and counted {last_prompt} before the history grew.",
                    "load the model with the context that the sweep asks for, and read it back",
                )
            self._last_prompt = usage.prompt_tokens
        # Reasoning is not sent back.
        self._counted_tokens = usage.prompt_tokens + usage.generated_tokens - usage.reasoning_tokens
        self._new_bytes = 0
