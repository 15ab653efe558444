# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a cell good enough for a duty: each thing the sweep file asks for, checked and put in words.

A share of trials (pass rate, confidently wrong) must be *shown*: its exact one-sided bound, not the measured rate,
has to reach what was asked. The risk of adopting a wrong cell is 5 % for a duty and tier together, so it is shared
out (Bonferroni) over all cells compared there, of every model. Speeds and sizes are compared as measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...module_utils.errors import LabError
from ..stats import shown_at_least, shown_at_most, tidy, trials_to_show
from ..sweep.definition import WRONG_ADOPTION
from .cells import host_tiers
from .words import STATE_TEXT, number, percent, plural, rate_text, size

# A result from such a cell cannot be deployed, whatever it measured.
NOT_ADOPTABLE = ("smoke_failed", "infeasible", "factor_not_applied", "unstable")


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


def assess(
    summary: Mapping[str, Any],
    duty: str,
    wanted: Mapping[str, float],
    tier: str,
    rows: Sequence[Mapping[str, Any]],
    measured: Mapping[str, Any],
) -> dict[str, Any]:
    """Every cell of one model on one tier against one duty, and the cell to take, if any."""
    unknown = sorted(set(wanted) - set(CRITERIA))
    if unknown:
        raise LabError(
            f"The duty {duty} asks for {', '.join(unknown)}, which no finding card measures.",
            f"under good_enough.{duty} use only: {', '.join(CRITERIA)}",
        )
    compared = _compared(summary, tier)
    risk = WRONG_ADOPTION / max(1, compared)
    cells = [_assess_cell(row, wanted, risk, measured) for row in rows if tier in row["tiers"]]
    verdict, chosen = _choose(cells, rows, risk)
    if summary["generation"]["state"] != "complete":
        verdict, chosen = "interim", None
    return {
        "duty": duty,
        "tier": tier,
        "wanted": dict(wanted),
        "compared_cells": compared,
        "risk_per_cell": tidy(risk),
        "verdict": verdict,
        "cell": chosen,
        "cells": cells,
    }


def _compared(summary: Mapping[str, Any], tier: str) -> int:
    tiers = host_tiers(summary)
    cells = [cell for cell in summary["cells"] if tier in tiers.get(cell["host_class"], [])]
    return sum(1 for cell in cells if cell["state"] not in NOT_ADOPTABLE)


def _assess_cell(
    row: Mapping[str, Any], wanted: Mapping[str, float], risk: float, measured: Mapping[str, Any]
) -> dict[str, Any]:
    checks: list[dict[str, Any]] = []
    if row["state"] in NOT_ADOPTABLE:
        verdict, why = "not_good_enough", [STATE_TEXT[row["state"]]]
    elif not row["pass_rate"]["of"]:
        verdict, why = "not_measured", ["no trial could be counted"]
    else:
        checks = [_check(name, limit, row, measured, risk) for name, limit in wanted.items()]
        results = [check["result"] for check in checks]
        verdict = next((bad for bad in ("missed", "unknown", "not_shown") if bad in results), "met")
        verdict = {"met": "good_enough", "not_shown": "not_shown", "unknown": "not_measured"}.get(
            verdict, "not_good_enough"
        )
        why = [check["text"] for check in checks if check["result"] != "met"] or [check["text"] for check in checks]
    return {
        "cell": row["id"],
        "label": row["label"],
        "pass_rate": row["pass_rate"],
        "verdict": verdict,
        "checks": checks,
        "why": why,
    }


def _check(name: str, limit: float, row: Mapping[str, Any], measured: Mapping[str, Any], risk: float) -> dict[str, Any]:
    criterion = CRITERIA[name]
    asked = f"{'at least' if criterion.at_least else 'at most'} {criterion.text(limit)} asked for"
    if criterion.share:
        return {"criterion": name, "wanted": limit} | _check_share(name, criterion, limit, asked, row, risk)
    value = _measured_value(name, row, measured)
    if value is None:
        return {"criterion": name, "wanted": limit, "measured": None, "result": "unknown",
                "text": f"{criterion.words} was not measured, {asked}"}  # fmt: skip
    met = value >= limit if criterion.at_least else value <= limit
    return {
        "criterion": name,
        "wanted": limit,
        "measured": value,
        "result": "met" if met else "missed",
        "text": f"{criterion.words} {criterion.text(value)}, {asked}",
    }


def _check_share(
    name: str, criterion: Criterion, limit: float, asked: str, row: Mapping[str, Any], risk: float
) -> dict[str, Any]:
    if name == "pass_rate":
        share, verb = row["pass_rate"], "passed"
    else:
        share, verb = row["confidently_wrong"], "confidently wrong in"
    low, high = (bound(share["count"], share["of"], risk) for bound in (shown_at_least, shown_at_most))
    if criterion.at_least:
        met, shown, excluded = share["rate"] >= limit, low, high < limit
        more = trials_to_show(share["rate"], limit, risk)
    else:
        met, shown, excluded = share["rate"] <= limit, high, low > limit
        more = trials_to_show(1 - share["rate"], 1 - limit, risk)
    enough = shown >= limit if criterion.at_least else shown <= limit
    result = "met" if met and enough else "not_shown" if met else "missed"
    text = f"{verb} {rate_text(share)}; {asked}"
    if met:
        text += f", {'at least' if criterion.at_least else 'at most'} {percent(shown)} shown"
    elif not excluded:
        text += ", not met but so few trials do not rule it out"
    if result == "not_shown" and more:
        text += f" ({plural(more, 'counted trial')} at this rate would show it)"
    return {
        "measured": share["rate"],
        "shown": tidy(shown),
        "trials_to_show": more if result == "not_shown" else None,
        "result": result,
        "text": text,
    }


def _measured_value(name: str, row: Mapping[str, Any], measured: Mapping[str, Any]) -> float | None:
    if name == "resident_bytes":
        sizes = [
            load["resident_bytes"]
            for load in measured["loads"]
            if load["load_digest"] == row["load_digest"] and load["host_class"] == row["host_class"]
        ]
        known = [float(one) for one in sizes if one is not None]
        return max(known) if known else None
    values = measured["cells"].get(row["id"], {}).get(name)
    return None if values is None else float(values["median"])


def _choose(
    cells: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], risk: float
) -> tuple[str, str | None]:
    """The best verdict any cell has, and the cell that stands for it."""
    by_id = {row["id"]: row for row in rows}
    for verdict in ("good_enough", "not_shown", "not_good_enough"):
        candidates = [by_id[cell["cell"]] for cell in cells if cell["verdict"] == verdict]
        candidates = [row for row in candidates if row["pass_rate"]["of"]]
        if verdict != "not_good_enough":
            candidates = _baseline_keeps_its_place(candidates, risk)
        if candidates:
            return verdict, str(best(candidates)["id"])
    return ("not_good_enough" if any(cell["verdict"] == "not_good_enough" for cell in cells) else "not_measured"), None


def best(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Highest measured pass rate; ties go to fewer confidently wrong, fewer tokens per pass, the sweep's order."""
    return min(
        enumerate(rows),
        key=lambda pair: (
            -(pair[1]["pass_rate"]["rate"] or 0.0),
            pair[1]["confidently_wrong"]["rate"] or 0.0,
            pair[1]["generated_tokens_per_pass"] or float("inf"),
            pair[0],
        ),
    )[1]


def _baseline_keeps_its_place(rows: list[Mapping[str, Any]], risk: float) -> list[Mapping[str, Any]]:
    """The highest of several noisy rates flatters its cell: a level replaces a baseline only when shown better."""
    baselines = [row for row in rows if row["baseline"]]
    return [row for row in rows if _shown_better(row, risk)] or baselines or rows


def _shown_better(row: Mapping[str, Any], risk: float) -> bool:
    compared = row["versus_baseline"]
    return bool(
        compared and compared["difference"] > 0 and compared["p_value"] is not None and compared["p_value"] <= risk
    )
