# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A factor that did not take effect is said in the record; one that did is applied on the wire."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from .test_outcomes import PUSH, SUBMIT, WRITE

PASSES = [WRITE, PUSH, SUBMIT]
THINKS = [replace(turn, reasoning="Let me think about it. ") for turn in PASSES]


def test_reasoning_that_was_switched_off_and_came_all_the_same_is_named(run_trial: Any) -> None:
    record, _unused, _unused = run_trial(THINKS, chat={"temperature": 0.2, "reasoning": "off"})
    assert record["outcome"] == "passed"
    assert "switched off" in record["not_applied"]


def test_reasoning_that_was_asked_for_and_did_not_come_is_named(run_trial: Any) -> None:
    record, _unused, engine = run_trial(PASSES, chat={"temperature": 0.2, "reasoning": "high"})
    assert "no reasoning came in 3 turns" in record["not_applied"]
    assert "high" in json.dumps(engine.requests[0].body)


def test_a_factor_that_took_effect_has_nothing_to_say(run_trial: Any) -> None:
    record, _unused, engine = run_trial(THINKS, chat={"temperature": 0.2, "reasoning": "on"})
    assert record["not_applied"] is None
    assert "history" not in engine.requests[0].body


def test_reasoning_is_sent_back_only_where_that_is_the_level(run_trial: Any) -> None:
    for echo in (False, True):
        _unused, _unused, engine = run_trial(THINKS, chat={"temperature": 0.2, "echo_reasoning": echo})
        assert ("Let me think" in json.dumps(engine.requests[-1].body["messages"])) is echo


def test_the_window_the_engine_says_it_has_is_the_one_that_is_kept(run_trial: Any) -> None:
    record, _unused, _unused = run_trial([WRITE, PUSH], props={"n_ctx": 450})
    assert (record["ceiling"], record["detail"]) == ("tokens", "context")
    assert record["applied"]["window_tokens"] == 450
    assert "450 tokens, not 8192" in record["not_applied"]


def test_what_speculative_decoding_guessed_is_recorded_and_nothing_guessed_is_named(run_trial: Any) -> None:
    drafts = [replace(turn, drafted=(10, 7)) for turn in PASSES]
    record, _unused, _unused = run_trial(drafts, speculative="draft")
    assert (record["draft_tokens"], record["draft_accepted_tokens"], record["not_applied"]) == (30, 21, None)
    record, _unused, _unused = run_trial(PASSES, speculative="mtp")
    assert (record["draft_tokens"], record["draft_accepted_tokens"]) == (0, 0)
    assert "nothing was drafted in 3 turns" in record["not_applied"]
