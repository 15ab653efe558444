# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial comes to, what its probe reads, and when a factor did not take effect."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent import Ending
from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.job import SUBMITTED, failed
from ansible_collections.local_llm.lab.plugins.plugin_utils.outcome import OUTCOMES, Verdict
from ansible_collections.local_llm.lab.plugins.plugin_utils.trial.verdict import final, not_applied, reads, still_moving

TURNS = Verdict("failed", "turns")
CONTEXT, WALL_CLOCK = Verdict("failed", "tokens", "context"), Verdict("failed", "wall_clock")
DEFERRED = Ending(Verdict("handed_over", None, "deferred"))


def judged(ending: Ending, passed: bool, **facts: Any) -> str:
    known = {"solvable": True, "has_visible_tests": True, "visible_tests": "green"}
    return str(final(ending, passed, **(known | facts)))


@pytest.mark.parametrize(
    ("passed", "has_tests", "tests", "expected"),
    [
        (True, True, "red", "passed"),
        (True, False, "not_run", "passed"),
        (False, True, "green", "failed/capability/wrong_result"),
        (False, True, "red", "failed/capability/declared_done_early"),
        (False, True, "not_run", "failed/capability/declared_done_early"),
        (False, False, "not_run", "failed/capability/wrong_result"),
    ],
)
def test_a_submission_is_judged_by_its_grade(passed: bool, has_tests: bool, tests: str, expected: str) -> None:
    assert judged(SUBMITTED, passed, has_visible_tests=has_tests, visible_tests=tests) == expected


def test_a_ceiling_stands_whatever_the_grade() -> None:
    assert judged(failed("turns"), True) == "failed/turns"


def test_handing_over_passes_where_nothing_else_can_and_nowhere_else() -> None:
    assert judged(DEFERRED, False, solvable=False) == "passed"
    assert judged(DEFERRED, True) == "handed_over/deferred"
    assert judged(SUBMITTED, False, solvable=False) == "failed/capability/wrong_result"


@pytest.mark.parametrize(
    ("reached", "ended", "progressed", "says"),
    [
        (TURNS, Verdict("passed"), False, ("confirmed", None)),
        (TURNS, Verdict("failed", "capability", "wrong_result"), True, ("capability", None)),
        (TURNS, Verdict("failed", "capability", "looping"), True, ("capability", None)),
        (TURNS, Verdict("handed_over", None, "escalated"), True, ("capability", None)),
        (TURNS, TURNS, False, ("capability", None)),
        (CONTEXT, CONTEXT, False, ("unresolved", "context")),
        (WALL_CLOCK, WALL_CLOCK, False, ("unresolved", "wall_clock")),
        (TURNS, TURNS, True, ("unresolved", "probe_budget")),
        (TURNS, Verdict("failed", "tokens", "context"), True, ("unresolved", "context")),
        (TURNS, Verdict("failed", "wall_clock"), True, ("unresolved", "wall_clock")),
        (TURNS, Verdict("failed", "interface", "parser"), True, ("unresolved", "parser")),
        (TURNS, Verdict("void", None, "engine_error"), True, ("unresolved", "engine_error")),
        (TURNS, Verdict("failed", "tokens", "completion"), False, ("unresolved", "completion")),
    ],
)
def test_a_probe_reads(reached: Verdict, ended: Verdict, progressed: bool, says: tuple[str, str | None]) -> None:
    assert reads(reached, ended, progressed) == says


@pytest.mark.parametrize(
    ("last", "end", "moving"),
    [
        (40, 80, False),  # nothing new since the ceiling
        (41, 80, False),  # one new state, and then for ever none
        (69, 80, False),
        (71, 80, True),  # in the last quarter of a long probe
        (41, 44, True),  # too short a probe to have stood still in
    ],
)
def test_a_probe_that_stood_still_for_its_last_quarter_got_nowhere(last: int, end: int, moving: bool) -> None:
    assert still_moving({"turns": 40}, {"turns": end, "last_progress_turn": last}) is moving


@pytest.mark.parametrize(
    ("chat", "turns", "reasoning_tokens", "window", "why"),
    [
        ({"reasoning": "off"}, 3, 40, 4096, "switched off, and 40"),
        ({"reasoning": "off"}, 3, 0, 4096, None),
        ({"reasoning": "high"}, 3, 0, 4096, "set to high, and no reasoning"),
        ({"reasoning": "high"}, 1, 0, 4096, None),
        ({"reasoning": "on"}, 3, 12, None, None),
        ({}, 3, 12, 2048, "2048 tokens, not 4096"),
        ({}, 3, 12, 8192, None),
    ],
)
def test_a_factor_that_did_not_take_effect_is_named(
    chat: dict[str, Any], turns: int, reasoning_tokens: int, window: int | None, why: str | None
) -> None:
    said = not_applied(chat, {"turns": turns, "reasoning_tokens": reasoning_tokens}, 4096, window)
    assert said is None if why is None else why in str(said)


@pytest.mark.parametrize(
    ("speculative", "turns", "draft_tokens", "why"),
    [
        ("draft", 3, 12, None),
        ("draft", 3, 0, "speculative was set to draft, and nothing was drafted in 3 turns"),
        ("mtp", 2, 0, "nothing was drafted"),
        ("mtp", 1, 0, None),
        ("off", 3, 0, None),
    ],
)
def test_speculative_decoding_that_drafts_nothing_was_not_applied(
    speculative: str, turns: int, draft_tokens: int, why: str | None
) -> None:
    used = {"turns": turns, "reasoning_tokens": 0, "draft_tokens": draft_tokens}
    said = not_applied({}, used, 4096, None, speculative)
    assert said is None if why is None else why in str(said)


def test_the_list_is_closed() -> None:
    for kind in OUTCOMES:
        Verdict(kind.outcome, kind.ceiling, kind.detail)
    for wrong in (
        ("passed", "turns", None),
        ("failed", None, None),
        ("failed", "tokens", None),
        ("void", None, "bored"),
    ):
        with pytest.raises(ValueError, match="not an outcome"):
            Verdict(*wrong)
