# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clouds and gateways. They refuse what they do not know, so nothing is sent that was not asked for.

The limit is a case apart: OpenAI's reasoning models refuse `max_tokens`, many others refuse `max_completion_tokens`.
`max_tokens` is sent until the engine names the other one in a refusal; that costs one refused call per trial and no
list of hosts to keep. `stream_options`, which asks for the usage, is dropped the same way.
"""

from __future__ import annotations

from typing import Any

from ..errors import ChatError
from .base import Dialect


class OpenAiCompatible(Dialect):
    def __init__(self) -> None:
        self._asks_usage = True

    def finished(self, body: dict[str, Any]) -> dict[str, Any]:
        return super().finished(body) if self._asks_usage else body

    def cold(self, body: dict[str, Any]) -> dict[str, Any]:
        """Its cache is everybody's: another call would cost something and change nothing."""
        return body

    def learn(self, error: ChatError) -> bool:
        if "max_completion_tokens" in error.message and self.max_tokens_key == "max_tokens":
            self.max_tokens_key = "max_completion_tokens"
            return True
        if "stream_options" in error.message and self._asks_usage:
            self._asks_usage = False
            return True
        return False
