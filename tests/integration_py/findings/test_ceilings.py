# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a card says about budgets: decision first, in words that hold for every kind of canary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import (
    build_card,
    headline,
    render_html,
    render_markdown,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings.ceilings_plot import pass_curves

Summary = dict[str, Any]
BUDGETS = {"turns": 8, "generated_tokens": 900, "completion_tokens": 256, "wall_clock_seconds": 120,
           "probe_factor": 2.0}  # fmt: skip
PASSED: dict[str, Any] = {"outcome": "passed", "ceiling": None, "detail": None, "turns": 5, "generated_tokens": 400}
WRONG = PASSED | {"outcome": "failed", "ceiling": "capability", "detail": "wrong_result"}


def met(reads: str, turns: int, tokens: int = 600, why: str | None = None, at: int = 300) -> dict[str, Any]:
    """At the turn limit with so many tokens; in the end it had used so many turns and tokens."""
    used = {"turns": turns, "generated_tokens": tokens}
    probe = {"factor": 2.0, "reads": reads, "why": why, "used": used}
    return {"outcome": "failed", "ceiling": "turns", "detail": None, "turns": 8, "generated_tokens": at, "probe": probe}


CANARIES = {
    "needs_turns": [met("confirmed", 12), met("confirmed", 16), PASSED],
    "needs_both": [met("confirmed", 12, 1200, at=850)] * 3,
    "too_hard": [met("capability", 16), WRONG, WRONG],
    "fine": [PASSED, PASSED, WRONG],
    "goes_on": [met("unresolved", 16, why="probe_budget")] * 3,
    "small_window": [met("unresolved", 9, why="context")] * 3,
    "too_few": [WRONG],
}


@pytest.fixture
def card(summary_of: Callable[..., Summary]) -> Summary:
    summary = summary_of(
        lambda cell, canary, replicate: ("passed", None, None) if replicate <= len(CANARIES[canary]) else None,
        temperatures=(0.8,),
        canaries=dict.fromkeys(CANARIES, 1),
    )
    for trial in summary["trials"]:
        if trial["record"]:
            trial["record"] |= CANARIES[trial["canary"]][trial["replicate"] - 1] | {"budgets": BUDGETS}
    return build_card(summary, "smollm2-135m", {})


def said(card: Summary, canary: str) -> str:
    return next(str(one["sentence"]) for one in card["ceilings"]["canaries"] if one["canary"] == canary)


def test_what_stood_in_the_way_is_told_per_canary(card: Summary) -> None:
    assert {one["canary"]: one["verdict"] for one in card["ceilings"]["canaries"]} == {
        "needs_turns": "confirmed",
        "needs_both": "confirmed",
        "too_hard": "capability",
        "fine": "fits",
        "goes_on": "unresolved",
        "small_window": "unresolved",
        "too_few": "unresolved",
    }


def test_the_terminal_names_what_to_raise_first(card: Summary) -> None:
    (line,) = [line for line in headline(card) if line.startswith("Budgets:")]
    assert line.startswith("Budgets: a larger budget passes on needs_both (")
    assert "needs_turns (turns 8 → 20)" in line
    assert "more budget would not help on too_hard" in line
    assert "open on goes_on, small_window and too_few" in line


def test_short_turns_ask_for_turns_and_long_ones_for_tokens_too(card: Summary) -> None:
    short, long = said(card, "needs_turns"), said(card, "needs_both")
    assert "2 of 2 trials that met a limit passed when they went on past it (100 %, 95 % interval 34–100 %)" in short
    assert "with 33 % of the generated tokens used by then: the other budget is not the problem" in short
    assert "Give turns 8 → 20. No trial was run under so many turns" in short
    assert "with 94 % of the generated tokens used by then: both go together" in long
    assert "generated_tokens 900 → 1\u202f500" in long


@pytest.mark.parametrize(
    ("canary", "text"),
    [
        ("too_hard", "More budget would not help: 3 of 3 trials failed for another reason, 1 of them past a limit"),
        ("fine", "No trial met a limit."),
        ("goes_on", "3 trials still getting somewhere at 2 times that: sweep with a larger probe_factor"),
        ("small_window", "3 trials stopped by the window: give a larger context_tokens"),
        ("too_few", "Too few trials to tell: 1 failed for another reason than a budget, and 3 are needed"),
    ],
)
def test_the_rest_is_told_what_it_is_and_what_to_do(card: Summary, canary: str, text: str) -> None:
    assert text in said(card, canary)


def test_pages_show_the_same_as_the_data(card: Summary) -> None:
    markdown, page = render_markdown(card), render_html(card)
    for canary in CANARIES:
        assert said(card, canary) in markdown
    row = "| needs_turns | the budget: turn limit | 1 of 3 | 2, 0, 0 | 33 % (6–79 %) | 100 % (44–100 %) at 16 turns |"
    assert row in markdown
    assert page.count("<svg") == 5
    assert "Share of trials that pass within each budget" in page
    assert "33 % → 100 %" in pass_curves(card)


def test_only_trials_of_the_cell_spoken_of_are_in_it(card: Summary) -> None:
    assert card["ceilings"]["cell"] == card["recommendation"]["cell"]
    assert all(one["trials"] <= 3 for one in card["ceilings"]["canaries"])


def test_a_card_without_a_counted_trial_has_no_ceilings(summary_of: Callable[..., Summary]) -> None:
    card = build_card(summary_of(lambda *_unused: None, state="open"), "smollm2-135m", {})
    assert card["ceilings"] is None
    assert pass_curves(card) == ""
    assert "## Ceilings\n\nNo trial is counted." in render_markdown(card)
    assert "No trial is counted" in render_html(card)
