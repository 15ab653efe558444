# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a cell good enough for a duty: each thing the sweep file asks for, checked and put in words.

Only canaries of the duty count, and of those only the ones of the asked grade for the pass rate. A share of trials
(pass rate, confidently wrong) must be *shown*: its exact one-sided bound, not the measured rate, has to reach what was
asked. The sweep's risk of adopting a wrong cell is shared out (Bonferroni) over all cells compared for a duty and tier,
of every model. Speeds, times and sizes are compared as measured; their numbers stand in the card's `measured`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from ...module_utils.errors import LabError
from ..stats import proportion, shown_at_least, shown_at_most, tidy, trials_to_show
from ..sweep.definition import WRONG_ADOPTION
from .cells import host_tiers
from .choice import NOT_ADOPTABLE, choose
from .words import STATE_TEXT, listing, number, percent, plural, rate_text, size

GRADE = "grade"
NAMED_CANARIES = 3


@dataclass(frozen=True)
class Criterion:
    """One thing a duty may ask for; `words` names it, `share` says that it is a share of trials."""

    words: str
    at_least: bool
    share: bool = False
    unit: str = ""

    def text(self, value: float | None) -> str:
        if self.share:
            return percent(value)
        return size(value) if self.unit == "bytes" else f"{number(value)} {self.unit}"


CRITERIA = {
    "pass_rate": Criterion("pass rate", at_least=True, share=True),
    "confidently_wrong_rate": Criterion("confidently wrong", at_least=False, share=True),
    "generated_tokens_per_second": Criterion("generation speed", at_least=True, unit="tokens/s"),
    "wall_seconds": Criterion("time per trial", at_least=False, unit="s"),
    "resident_bytes": Criterion("memory", at_least=False, unit="bytes"),
}


@dataclass(frozen=True)
class Asked:
    """What a duty asks for, the canaries that are its own, and those of them that the pass rate is asked of."""

    wanted: Mapping[str, float]
    canaries: tuple[str, ...]
    graded: tuple[str, ...]

    def of(self, criterion: str) -> tuple[str, ...]:
        return self.graded if criterion == "pass_rate" else self.canaries


def assess(
    summary: Mapping[str, Any],
    duty: str,
    wanted: Mapping[str, float],
    tier: str,
    rows: Sequence[Mapping[str, Any]],
    measured: Mapping[str, Any],
) -> dict[str, Any]:
    """Every cell of one model on one tier against one duty, and the cell to take, if any."""
    unknown = sorted(set(wanted) - set(CRITERIA) - {GRADE})
    if unknown:
        raise LabError(
            f"The duty {duty} asks for {', '.join(unknown)}, which no finding card measures.",
            f"under good_enough.{duty} use only: {', '.join([*CRITERIA, GRADE])}",
        )
    asked = _asked(summary, duty, wanted, rows)
    compared = _compared(summary, tier)
    risk = float(summary["sweep"].get("wrong_adoption", WRONG_ADOPTION)) / max(1, compared)
    cells: list[dict[str, Any]] = []
    if asked.graded:
        mine = [row for row in rows if tier in row["tiers"]]
        cells = [_assess_cell(row, asked, risk, measured) for row in mine]
        choice = choose(cells, mine, asked.graded)
        verdict, chosen = choice.verdict, choice.cell
        for cell in cells:
            cell["why"] += choice.remarks.get(cell["cell"], [])
    else:
        verdict, chosen = "no_canaries", None
    if summary["generation"]["state"] != "complete":
        verdict, chosen = "interim", None
    return {
        "duty": duty,
        "tier": tier,
        "wanted": dict(wanted),
        "canaries": list(asked.graded),
        "refused": None if asked.graded else _refusal(asked, duty),
        "compared_cells": compared,
        "risk_per_cell": tidy(risk),
        "verdict": verdict,
        "cell": chosen,
        "cells": cells,
    }


def _asked(
    summary: Mapping[str, Any], duty: str, wanted: Mapping[str, float], rows: Sequence[Mapping[str, Any]]
) -> Asked:
    """A generation planned before its canaries were kept counts each that was run for every duty."""
    ran = {one["canary"]: {"duty": duty, "grade": one["grade"]} for row in rows for one in row["canaries"]}
    suite = summary["sweep"].get("suite", ran)
    own = tuple(sorted(name for name, one in suite.items() if one["duty"] == duty))
    graded = tuple(name for name in own if suite[name]["grade"] == wanted.get(GRADE, suite[name]["grade"]))
    return Asked(wanted, own, graded)


def _refusal(asked: Asked, duty: str) -> str:
    if not asked.canaries:
        return f"The sweep has no canary of the duty {duty}, so nothing in it says anything about that duty."
    return (
        f"The duty {duty} asks for its pass rate on grade {asked.wanted[GRADE]:g}, and no canary of the sweep has that "
        f"duty and grade."
    )


def _compared(summary: Mapping[str, Any], tier: str) -> int:
    tiers = host_tiers(summary)
    cells = [cell for cell in summary["cells"] if tier in tiers.get(cell["host_class"], [])]
    return sum(1 for cell in cells if cell["state"] not in NOT_ADOPTABLE)


def _assess_cell(row: Mapping[str, Any], asked: Asked, risk: float, measured: Mapping[str, Any]) -> dict[str, Any]:
    checks: list[dict[str, Any]] = []
    passed = _share(row, asked.graded, "passed")
    if row["state"] in NOT_ADOPTABLE:
        verdict, why = "not_good_enough", [STATE_TEXT[row["state"]]]
    elif not passed["of"]:
        verdict, why = "not_measured", ["no trial could be counted"]
    else:
        checks = [
            _check(name, limit, row, asked, measured, risk) for name, limit in asked.wanted.items() if name != GRADE
        ]
        results = [check["result"] for check in checks]
        verdict = next((bad for bad in ("missed", "unknown", "not_shown") if bad in results), "met")
        verdict = {"met": "good_enough", "not_shown": "not_shown", "unknown": "not_measured"}.get(
            verdict, "not_good_enough"
        )
        why = [check["text"] for check in checks if check["result"] != "met"] or [check["text"] for check in checks]
    return {
        "cell": row["id"],
        "label": row["label"],
        "pass_rate": passed,
        "verdict": verdict,
        "checks": checks,
        "why": why,
    }


def _share(row: Mapping[str, Any], canaries: Collection[str], what: str) -> dict[str, Any]:
    """The share of counted trials on these canaries that `passed`, or that were `wrong`."""
    ours = [one for one in row["canaries"] if one["canary"] in canaries]
    return proportion(sum(one[what] for one in ours), sum(one["counted"] for one in ours))


def _check(
    name: str, limit: float, row: Mapping[str, Any], asked: Asked, measured: Mapping[str, Any], risk: float
) -> dict[str, Any]:
    criterion = CRITERIA[name]
    wanted = f"{'at least' if criterion.at_least else 'at most'} {criterion.text(limit)} asked for"
    if criterion.share:
        return {"criterion": name, "wanted": limit} | _check_share(name, limit, wanted, row, asked, risk)
    value = measured_value(name, row, asked.canaries, measured)
    # What was measured stands in `measured` alone: two runs of the same sweep may differ in it, in nothing else.
    unnumbered = {"criterion": name, "wanted": limit, "measured": None}
    if value is None:
        return unnumbered | {"result": "unknown", "text": f"{criterion.words} was not measured, {wanted}"}
    met = value >= limit if criterion.at_least else value <= limit
    result = "met" if met else "missed"
    return unnumbered | {"result": result, "text": f"{criterion.words}: {wanted}, {result} as measured"}


def _check_share(
    name: str, limit: float, wanted: str, row: Mapping[str, Any], asked: Asked, risk: float
) -> dict[str, Any]:
    criterion = CRITERIA[name]
    what, verb = ("passed", "passed") if name == "pass_rate" else ("wrong", "confidently wrong in")
    share = _share(row, asked.of(name), what)
    low, high = (bound(share["count"], share["of"], risk) for bound in (shown_at_least, shown_at_most))
    if criterion.at_least:
        met, shown, excluded = share["rate"] >= limit, low, high < limit
        more = trials_to_show(share["rate"], limit, risk)
    else:
        met, shown, excluded = share["rate"] <= limit, high, low > limit
        more = trials_to_show(1 - share["rate"], 1 - limit, risk)
    enough = shown >= limit if criterion.at_least else shown <= limit
    result = "met" if met and enough else "not_shown" if met else "missed"
    text = f"{verb} {rate_text(share)}{_where(name, row, asked)}; {wanted}"
    if met:
        text += f", {'at least' if criterion.at_least else 'at most'} {percent(shown)} shown"
    elif not excluded:
        text += ", not met but so few trials do not rule it out"
    if result == "not_shown" and more:
        text += f" ({plural(more, 'counted trial')} at this rate would show it)"
    return {
        "measured": share["rate"],
        "shown": tidy(shown),
        "ruled_out": bool(excluded),
        "trials_to_show": more if result == "not_shown" else None,
        "result": result,
        "text": text,
    }


def _where(name: str, row: Mapping[str, Any], asked: Asked) -> str:
    """On which canaries, where these are not all that the cell ran on."""
    counted = [one["canary"] for one in row["canaries"] if one["counted"]]
    ours = [one for one in counted if one in asked.of(name)]
    if len(ours) == len(counted) == len(asked.of(name)):
        return ""
    grade = f" of grade {asked.wanted[GRADE]:g}" if name == "pass_rate" and GRADE in asked.wanted else ""
    if len(ours) <= NAMED_CANARIES:
        return f" on {listing(ours)}"
    return f" on {plural(len(ours), 'canary', 'canaries')}{grade}"


def measured_value(
    name: str, row: Mapping[str, Any], canaries: Collection[str], measured: Mapping[str, Any]
) -> float | None:
    """A median over the trials that ran on these canaries; of the memory, the most that any load took."""
    if name == "resident_bytes":
        sizes = [
            load["resident_bytes"]
            for load in measured["loads"]
            if load["load_digest"] == row["load_digest"] and load["host_class"] == row["host_class"]
        ]
        known = [float(one) for one in sizes if one is not None]
        return max(known) if known else None
    trials = [trial for one in row["canaries"] if one["canary"] in canaries for trial in one["trials"]]
    values = [measured["trials"].get(trial, {}).get(name) for trial in trials]
    found = [float(value) for value in values if value is not None]
    return median(found) if found else None
