# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a dialect is: the request's body, and an answer's chunks made OpenAI-shaped. The base is OpenAI's own shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ChatError, OptionRefused
from ..framing import SseParser, StreamParser

EFFORTS = ("low", "medium", "high")
REASONING = ("on", "off", *EFFORTS)


class Dialect:
    """One per client. `sampling` is the chat config as the sweep file has it: `reasoning` is translated (on, off, low,
    medium, high; left out means the engine's default), everything else goes to the engine as it is.
    """

    path = "/v1/chat/completions"
    parser: type[StreamParser] = SseParser
    max_tokens_key = "max_tokens"

    def body(
        self,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        sampling: Mapping[str, Any],
        max_tokens: int,
    ) -> dict[str, Any]:
        options = dict(sampling)
        wanted = _reasoning(options.pop("reasoning", None))
        if wanted is not None:
            options = self.with_reasoning(options, wanted)
        body = {**options, "model": model, "messages": messages, self.max_tokens_key: max_tokens, "stream": True}
        if tools:
            body["tools"] = tools
        return self.finished(body)

    def with_reasoning(self, options: dict[str, Any], wanted: str) -> dict[str, Any]:
        """The options, with the engine's own words for the reasoning that is wanted. OpenAI knows no plain "on"."""
        effort = {"off": "none", "on": "medium"}.get(wanted, wanted)
        return {**options, "reasoning_effort": effort}

    def finished(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body, with what this engine is always asked for."""
        return {**body, "stream_options": {"include_usage": True}}

    def cold(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """The body of a call whose prompt is read anew; None where that cannot be asked for, but only be brought about
        by a call about something else."""
        return None

    def chunk(self, raw: dict[str, Any]) -> dict[str, Any]:
        """An object of the answer's stream as a chunk of OpenAI's."""
        return raw

    def learn(self, error: ChatError) -> bool:
        """Whether the refusal taught how to ask, so that the same call is worth sending once more."""
        return False


def _reasoning(value: object) -> str | None:
    """YAML reads a bare on and off as booleans."""
    if isinstance(value, bool):
        value = "on" if value else "off"
    if value is not None and value not in REASONING:
        raise OptionRefused(f"There is no reasoning {value!r}.", f"choose one of {', '.join(REASONING)}")
    return value if isinstance(value, str) else None
