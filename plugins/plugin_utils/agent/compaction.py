# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The levels of the factor `history` that send less than all of it. Pure: messages in, messages out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Messages = list[dict[str, Any]]
# Compacted before the window is full, and by much at once: every compaction costs the engine its prompt cache.
FULL_SHARE = 0.7
KEPT_RESULTS = 4
DROPPED_FROM_CHARACTERS = 200
SUMMARY_TOKENS = 1024


def without_old_output(messages: Sequence[Mapping[str, Any]]) -> Messages:
    """Tool results but the last few, replaced by a note of their size where they are long."""
    results = [index for index, message in enumerate(messages) if message["role"] == "tool"]
    old = set(results[:-KEPT_RESULTS])
    return [
        {**message, "content": _dropped(message["content"])} if index in old else dict(message)
        for index, message in enumerate(messages)
    ]


def _dropped(content: str) -> str:
    if len(content) < DROPPED_FROM_CHARACTERS:
        return content
    return f"[{len(content)} characters of old output dropped; call the tool again if you need them]"


def summarised(messages: Sequence[Mapping[str, Any]], opening: int, summary: str, lead: str) -> Messages:
    """The opening, the summary of what lies between, and the last replies with their results."""
    return [
        *(dict(message) for message in messages[:opening]),
        {"role": "user", "content": f"{lead}\n{summary}"},
        *(dict(message) for message in messages[_tail(messages, opening) :]),
    ]


def can_summarise(messages: Sequence[Mapping[str, Any]], opening: int) -> bool:
    """Whether there is anything between the opening and the last replies but an earlier summary."""
    return _tail(messages, opening) - opening > 1


def _tail(messages: Sequence[Mapping[str, Any]], opening: int) -> int:
    """Where the last two replies that called a tool begin: a result never stands without its call."""
    replies = [index for index, message in enumerate(messages) if message.get("tool_calls")]
    return replies[-2] if len(replies) > 2 else max(opening, len(messages) - 1 if not replies else replies[-1])
