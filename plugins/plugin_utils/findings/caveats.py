# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reader must hear before believing a card, the biggest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .words import interval, listing, percent, plural

# A 95 % interval wider than this cannot tell a model one would deploy from one that one would not.
WIDE_INTERVAL = 0.3
LONG_WORK_GRADE = 2
MANY_VOIDS = 0.1


def caveats(
    rows: Sequence[Mapping[str, Any]],
    lead: Mapping[str, Any] | None,
    canaries: Sequence[Mapping[str, Any]],
    estimated_usage: int,
) -> list[str]:
    """Sentences for one card; `lead` is the cell its recommendation speaks of."""
    found = [
        _broken_by_engine(rows),
        _stopped_by_budget(rows, lead),
        _few_trials(lead),
        _repeats(rows),
        _drifted(rows),
        _cut_off(rows),
        _voids(rows),
        _short_suite(canaries),
        _uninformative(canaries),
        _picked_afterwards(rows, lead),
        _this_suite(canaries),
        _estimated(estimated_usage),
    ]
    return [sentence for sentence in found if sentence]


def _broken_by_engine(rows: Sequence[Mapping[str, Any]]) -> str:
    broken = sum(row["left_out"]["interface"] for row in rows)
    if not broken:
        return ""
    return (
        f"{plural(broken, 'trial')} broke in the engine's template or parser, not in the model, and are not counted: "
        "fix that config before judging the model."
    )


def _stopped_by_budget(rows: Sequence[Mapping[str, Any]], lead: Mapping[str, Any] | None) -> str:
    """Most of the failures at a limit: the limit, not the model, may be what was measured."""
    failed = sum(row["pass_rate"]["of"] - row["pass_rate"]["count"] for row in rows)
    stopped = sum(row["stopped_by_budget"] for row in rows)
    if lead is None or not failed or stopped * 2 < failed:
        return ""
    return (
        f"{stopped} of {plural(failed, 'failure')} ended at a budget (turns, tokens or time), not at a wrong result. "
        "Its section on ceilings says where a larger budget would have helped."
    )


def _few_trials(lead: Mapping[str, Any] | None) -> str:
    if lead is None or not lead["pass_rate"]["of"]:
        return ""
    rate = lead["pass_rate"]
    if rate["high"] - rate["low"] <= WIDE_INTERVAL:
        return ""
    return (
        f"This is a screen, not a verdict: {plural(rate['of'], 'counted trial')} in the cell leave its true pass rate "
        f"on this suite anywhere in {interval(rate)}."
    )


def _repeats(rows: Sequence[Mapping[str, Any]]) -> str:
    repeats = sum(row["left_out"]["repeat"] for row in rows)
    if not repeats:
        return ""
    return (
        f"{plural(repeats, 'trial')} generated exactly what an earlier one had, in the same cell and canary: identical "
        "generations count as one replicate."
    )


def _drifted(rows: Sequence[Mapping[str, Any]]) -> str:
    drifted = sum(row["left_out"]["drift"] for row in rows)
    if not drifted:
        return ""
    return (
        f"{plural(drifted, 'trial')} ran in a block over which the host's speed drifted, and are not counted: the "
        "block was run again."
    )


def _cut_off(rows: Sequence[Mapping[str, Any]]) -> str:
    spent = [row for row in rows if row["state"] == "budget_spent"]
    if not spent:
        return ""
    why = next((f" ({row['reason']})" for row in spent if row["reason"]), "")
    named = listing([row["label"] for row in spent])
    return f"A limit of the sweep was reached{why}: {named} got fewer trials than planned."


def _voids(rows: Sequence[Mapping[str, Any]]) -> str:
    voids, attempts = sum(row["void_attempts"] for row in rows), sum(row["attempts"] for row in rows)
    if not attempts or voids / attempts <= MANY_VOIDS:
        return ""
    return (
        f"{voids} of {plural(attempts, 'attempt')} ({percent(voids / attempts)}) were void: the machinery failed, not "
        "the model. They are not counted, but a stack this shaky may hide more."
    )


def _short_suite(canaries: Sequence[Mapping[str, Any]]) -> str:
    highest = max((canary["grade"] for canary in canaries), default=0)
    if highest >= LONG_WORK_GRADE:
        return ""
    return (
        f"The hardest canary in this suite is of grade {highest}: nothing here says how the model holds out over "
        "long work."
    )


def _uninformative(canaries: Sequence[Mapping[str, Any]]) -> str:
    told_nothing = [canary for canary in canaries if canary["informative"] is False]
    if not told_nothing or len(told_nothing) == len(canaries):
        return ""
    sides = {
        "every counted trial there, of every model, passed": [one["name"] for one in told_nothing if one["passed"]],
        "no trial there, of any model, passed": [one["name"] for one in told_nothing if not one["passed"]],
    }
    said = [f"{listing(names)} told no two cells apart: {why}" for why, names in sides.items() if names]
    return "; ".join(said) + "."


def _picked_afterwards(rows: Sequence[Mapping[str, Any]], lead: Mapping[str, Any] | None) -> str:
    tried = [row for row in rows if row["pass_rate"]["of"]]
    if lead is None or lead["baseline"] or len(tried) < 2:
        return ""
    return (
        f"{lead['label']} is the best of {len(tried)} cells, chosen after seeing them all: expect somewhat less when "
        "it is run again."
    )


def _estimated(trials: int) -> str:
    return f"{plural(trials, 'trial')} had tokens estimated, not counted by the engine." if trials else ""


def _this_suite(canaries: Sequence[Mapping[str, Any]]) -> str:
    return (
        f"Every rate here is a rate on {plural(len(canaries), 'canary', 'canaries')}, taken as given: it says how the "
        "model does on these again, not on your own repositories."
    )
