# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Streaming chat completions: one client per trial, one `Completion` or one `ChatError` per call."""

from __future__ import annotations

from .applied import Applied, NotLoaded, read_back
from .client import Client
from .completion import Completion, ToolCall, Usage
from .errors import (
    ChatError,
    ContextOverflow,
    EngineFailure,
    InterfaceBroken,
    OptionRefused,
    StreamError,
    TurnOverrun,
)
from .exchange import Deadlines
from .markup import calls_in_text
from .messages import assistant_message

__all__ = [
    "Applied",
    "ChatError",
    "Client",
    "Completion",
    "ContextOverflow",
    "Deadlines",
    "EngineFailure",
    "InterfaceBroken",
    "NotLoaded",
    "OptionRefused",
    "StreamError",
    "ToolCall",
    "TurnOverrun",
    "Usage",
    "assistant_message",
    "calls_in_text",
    "read_back",
]
