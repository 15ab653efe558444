# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A transcript read again: its events, and the messages that each model call was made with. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .text_calls import as_text

Event = dict[str, Any]


@dataclass(frozen=True)
class Log:
    """`torn_line`: from which line on it cannot be read. A killed trial's transcript may end in the middle of one."""

    events: list[Event]
    torn_line: int | None = None


def parse(data: bytes) -> Log:
    events: list[Event] = []
    *lines, rest = data.split(b"\n")
    for line in lines:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            return Log(events, len(events) + 1)
        events.append(event)
    return Log(events, len(events) + 1 if rest else None)


def calls(events: Iterable[Mapping[str, Any]]) -> int:
    """How many model calls were made. One that failed leaves no event, but is counted in the record."""
    return max((event.get("turn") or event.get("record", {}).get("turns") or 0 for event in events), default=0)


def messages_at(events: Iterable[Mapping[str, Any]], turn: int) -> list[dict[str, Any]]:
    """The messages that the model call of this turn was made with, also of a call that failed.

    An event bears the turn that was the last when it happened: what a call was made with happened before its turn.
    """
    messages: list[dict[str, Any]] = []
    in_text = False
    for event in events:
        at = event.get("turn")
        if at is not None and at < turn:
            _happen(messages, event)
            in_text = in_text or event.get("tool_style") == "text"
        elif at == turn and event.get("purpose") == "summary":
            messages.append({"role": "user", "content": event["asked"]})
            break
    return as_text(messages) if in_text else messages


def _happen(messages: list[dict[str, Any]], event: Mapping[str, Any]) -> None:
    kind = event["event"]
    if kind in ("opening", "compaction"):
        messages[:] = event["messages"]
    elif kind == "assistant":
        messages.append(event["message"])
    elif kind == "tool":
        messages.append({"role": "tool", "tool_call_id": event["id"], "content": event["result"]})
    elif kind == "user":
        messages.append({"role": "user", "content": event["content"]})
    elif kind == "budget":
        messages[-1] = {**messages[-1], "content": messages[-1]["content"] + event["content"]}
