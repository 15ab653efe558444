# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the cards of a generation to what to deploy, per duty and tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .duties import best
from .words import VERDICTS, rate_text

SCHEMA = "local_llm.lab/decision/1"
RULE = (
    "A cell is good enough when its exact one-sided 95 % bound, the risk shared over all cells compared for the duty "
    "and tier, reaches the rate asked for, and its speed and memory as measured do. The baseline keeps its place "
    "unless a level is shown to be better (exact test stratified by canary). Of several models the one with the "
    "highest measured pass rate is taken; ties go to fewer confidently wrong trials, then to fewer tokens per pass."
)


def decide(cards: Sequence[Mapping[str, Any]], sweep: Mapping[str, Any]) -> dict[str, Any]:
    """What decision.yml says: for every duty of the sweep and every tier, one choice or none, and why."""
    tiers = sorted({one["tier"] for card in cards for one in card["duties"]})
    interim = any(card["interim"] for card in cards)
    return {
        "schema": SCHEMA,
        "sweep": sweep["name"],
        "generation": cards[0]["generation"] if cards else None,
        "interim": interim,
        "rule": RULE,
        "decisions": [_decision(cards, duty, tier, interim) for duty in sweep["good_enough"] for tier in tiers],
    }


def _decision(cards: Sequence[Mapping[str, Any]], duty: str, tier: str, interim: bool) -> dict[str, Any]:
    assessments = [
        (card, one) for card in cards for one in card["duties"] if (one["duty"], one["tier"]) == (duty, tier)
    ]
    chosen = None if interim else _chosen(assessments)
    losing = [
        _option(card, cell, chosen)
        for card, one in assessments
        for cell in one["cells"]
        if chosen is None or cell["cell"] != chosen["cell"]
    ]
    return {
        "duty": duty,
        "tier": tier,
        "wanted": assessments[0][1]["wanted"] if assessments else {},
        "verdict": _verdict([one["verdict"] for _card, one in assessments], interim),
        "chosen": chosen,
        "why": _why(chosen, [one for _card, one in assessments], interim),
        "losing": sorted(losing, key=lambda option: -option["passed"] / max(1, option["counted"])),
    }


def _verdict(verdicts: Sequence[str], interim: bool) -> str:
    if interim:
        return "interim"
    return next((one for one in ("good_enough", "not_shown", "not_good_enough") if one in verdicts), "not_measured")


def _chosen(assessments: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, Any] | None:
    fit = [(card, one["cell"]) for card, one in assessments if one["verdict"] == "good_enough"]
    rows = {cell: row for card, cell in fit for row in card["cells"] if row["id"] == cell}
    if not rows:
        return None
    row = best(list(rows.values()))
    card = next(card for card, cell in fit if cell == row["id"])
    return {
        "model": card["model"]["name"],
        "digest": card["model"]["digest"],
        "cell": row["id"],
        "label": row["label"],
        "host_class": row["host_class"],
        "load": row["load"],
        "chat": row["chat"],
        "evidence": f"passed {rate_text(row['pass_rate'])} on this suite",
        "caveat": card["recommendation"]["caveat"],
    }


def _why(chosen: Mapping[str, Any] | None, assessments: Sequence[Mapping[str, Any]], interim: bool) -> str:
    if interim:
        return "The generation is not complete: nothing is decided before its last trial."
    cells = [cell for one in assessments for cell in one["cells"]]
    if chosen:
        return "; ".join(next(cell["why"] for cell in cells if cell["cell"] == chosen["cell"]))
    promising = [cell for cell in cells if cell["verdict"] == "not_shown"]
    if promising:
        return f"None is shown to be good enough; {len(promising)} of {len(cells)} cells are promising, see losing."
    if any(cell["pass_rate"]["count"] for cell in cells):
        return "None is good enough: no cell measured what was asked for."
    if any(cell["pass_rate"]["of"] for cell in cells):
        return "None is good enough: no cell passed a single counted trial."
    return "None is good enough: no trial could be counted."


def _option(card: Mapping[str, Any], cell: Mapping[str, Any], chosen: Mapping[str, Any] | None) -> dict[str, Any]:
    why = "; ".join(cell["why"])
    if chosen and cell["verdict"] == "good_enough":
        of_chosen = chosen["model"] == card["model"]["name"]
        why += "; not shown to be better than " if of_chosen else "; ranked behind "
        why += f"the chosen cell ({chosen['model']}, {chosen['label']})"
    return {
        "model": card["model"]["name"],
        "cell": cell["cell"],
        "label": cell["label"],
        "verdict": VERDICTS[cell["verdict"]],
        "passed": cell["pass_rate"]["count"],
        "counted": cell["pass_rate"]["of"],
        "why": why,
    }
