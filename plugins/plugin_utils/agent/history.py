# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of a trial, and how many tokens the next prompt will hold."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..chat import Completion, EngineFailure

# Code and JSON take about three bytes per token. Too many tokens estimated ends a trial a little early, too few
# overruns the engine's window: the estimate leans to many.
BYTES_PER_TOKEN = 3
# No tokenizer makes one token of several words. An engine that counts fewer than half as many did not read it all.
_WORD = re.compile(r"\w+")
WORDS_PER_TOKEN = 2


class History:
    """What is new since the engine's last count is estimated, the rest is the engine's count."""

    def __init__(self, opening: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> None:
        self.messages: list[dict[str, Any]] = []
        self._tools_bytes = len(json.dumps(tools))
        self._counted_tokens = 0
        self._least_tokens = 0  # what the next prompt must be counted at
        self._new_bytes = self._tools_bytes
        self._new_words = 0
        self._echoed_tokens = 0
        for message in opening:
            self.add(message)

    def add(self, message: Mapping[str, Any]) -> None:
        self.messages.append(dict(message))
        self._grow(message)

    def add_reply(self, message: Mapping[str, Any]) -> None:
        """The model's own message: the engine has counted it already."""
        self.messages.append(dict(message))

    def append_to_last(self, text: str) -> None:
        self.messages[-1]["content"] += text
        self._grow({"content": text})

    def replace(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Go on with other messages: nothing of them is counted yet."""
        self._counted_tokens = self._least_tokens = self._echoed_tokens = 0
        self.messages = []
        self._new_bytes, self._new_words = self._tools_bytes, 0
        for message in messages:
            self.add(message)

    def prompt_estimate(self) -> int:
        return self._counted_tokens + self._new_bytes // BYTES_PER_TOKEN

    def counted(self, completion: Completion, echoed: bool = False) -> None:
        """Take the engine's count over. A prompt counted at less than the history implies was truncated."""
        usage = completion.usage
        least = self._least_tokens + self._new_words // WORDS_PER_TOKEN - self._echoed_tokens
        if usage.source == "engine":
            if usage.prompt_tokens < least or completion.truncated:
                raise EngineFailure(
                    f"The engine truncated the prompt: it counts {usage.prompt_tokens} tokens, "
                    f"and the history implies at least {least}.",
                    "load the model with the context that the sweep asks for, and read it back",
                )
            self._least_tokens = usage.prompt_tokens + 1
        # A template may drop earlier turns' reasoning that was sent back: so much less is no truncation.
        self._echoed_tokens += usage.reasoning_tokens if echoed else 0
        sent_back = usage.generated_tokens - (0 if echoed else usage.reasoning_tokens)
        self._counted_tokens = usage.prompt_tokens + sent_back
        self._new_bytes = self._new_words = 0

    def _grow(self, message: Mapping[str, Any]) -> None:
        self._new_bytes += len(json.dumps(message, ensure_ascii=False).encode(errors="replace"))
        content = message.get("content") or ""
        self._new_words += len(_WORD.findall(content)) if isinstance(content, str) else 0
