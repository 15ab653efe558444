# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a transcript: whatever is left of it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.replay import calls, messages_at, parse

OPENING = {"event": "opening", "turn": 0, "messages": [{"role": "user", "content": "Do it."}], "tools": []}
EVENTS: list[dict[str, Any]] = [
    {"event": "trial", "trial": "t"},
    OPENING,
    {"event": "model", "turn": 1},
    {"event": "assistant", "turn": 1, "message": {"role": "assistant", "content": "No."}},
    {"event": "user", "turn": 1, "content": "Yes."},
    {"event": "budget", "turn": 1, "content": " [1 of 9]"},
    {"event": "one of next year", "turn": 1, "content": 7},
    {"event": "model", "turn": 2},
]
DATA = b"".join(json.dumps(event).encode() + b"\n" for event in EVENTS)


@given(st.integers(0, len(DATA)))
def test_a_transcript_that_breaks_off_anywhere_gives_every_whole_event(end: int) -> None:
    log = parse(DATA[:end])
    whole = DATA[:end].count(b"\n")
    assert log.events == EVENTS[:whole]
    assert log.torn_line == (None if end == 0 or DATA[end - 1 : end] == b"\n" else whole + 1)


@given(st.binary())
def test_garbage_is_never_an_error(garbage: bytes) -> None:
    log = parse(DATA + b"\xff" + garbage)
    assert log.events == EVENTS and log.torn_line == len(EVENTS) + 1


def test_what_was_said_later_is_not_part_of_a_call() -> None:
    assert messages_at(EVENTS, 1) == OPENING["messages"]
    assert messages_at(EVENTS, 2) == [
        {"role": "user", "content": "Do it."},
        {"role": "assistant", "content": "No."},
        {"role": "user", "content": "Yes. [1 of 9]"},
    ]
    assert OPENING["messages"] == [{"role": "user", "content": "Do it."}], "the events are left as they are"


def test_a_failed_call_is_counted_where_the_record_counts_it() -> None:
    assert (calls([]), calls(EVENTS), calls([*EVENTS, {"event": "verdict", "record": {"turns": 3}}])) == (0, 2, 3)
