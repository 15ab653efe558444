# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens in the loop, told twice: to the transcript, a turn at a time, and to whoever is watching, at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ..chat import Completion
from .ledger import Ledger
from .transcript import Transcript

TELL_SECONDS = 0.5


class Journal:
    def __init__(
        self, transcript: Transcript, tell: Callable[[dict[str, Any]], None], ledger: Ledger, turns: int
    ) -> None:
        self._transcript, self._tell, self._ledger, self._turns = transcript, tell, ledger, turns
        self._events: list[dict[str, Any]] = []

    def event(self, event: str, **what: Any) -> None:
        self._events.append({"event": event, "turn": self._ledger.turns, **what})

    def completion(
        self, completion: Completion, max_tokens: int, sampling: Mapping[str, Any], summary: str | None = None
    ) -> None:
        seen = asdict(completion)
        seen["tool_calls"] = [
            {"id": call.id, "name": call.name, "arguments": call.arguments_text} for call in completion.tool_calls
        ]
        del seen["text_calls"]
        # A call for a summary is made with one more message, which does not stay.
        purpose = {"purpose": "turn"} if summary is None else {"purpose": "summary", "asked": summary}
        self.event("model", **purpose, max_tokens=max_tokens, sampling=dict(sampling), completion=seen)

    def reply(self, message: Mapping[str, Any]) -> None:
        """The model's message as it goes back into the history."""
        self.event("assistant", message=dict(message))

    def limit(self, turns: int) -> None:
        """How many turns there may be from now on."""
        self._turns = turns

    def flush(self) -> None:
        if self._events:
            self._transcript.append(*self._events)
            self._events = []

    def streaming(self) -> Callable[[int], None]:
        """A listener for one completion's tokens that tells about them now and then."""
        began = told = time.monotonic()

        def streaming(tokens: int) -> None:
            nonlocal told
            now = time.monotonic()
            if now - told >= TELL_SECONDS:
                told = now
                self.tell("model", tokens, tokens / (now - began))

        return streaming

    def tell(self, phase: str, streamed: int = 0, speed: float | None = None) -> None:
        used = self._ledger
        self._tell(
            {
                "event": "turn",
                "turn": used.turns,
                "turns": self._turns,
                "generated_tokens": used.generated_tokens + streamed,
                "tokens_per_second": round(speed, 2) if speed is not None else used.last_speed,
                "phase": phase,
            }
        )
