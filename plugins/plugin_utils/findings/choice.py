# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of several cells is taken, and why not another: no statistics of its own."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..sweep.confirmation import CONFIRMATION

Row = Mapping[str, Any]
# A result from such a cell cannot be deployed, whatever it measured.
NOT_ADOPTABLE = ("smoke_failed", "infeasible", "factor_not_applied", "unstable")


@dataclass(frozen=True)
class Choice:
    """The best verdict any cell has, the cell that stands for it, and what is to be said of cells that were passed
    over although their own numbers would do."""

    verdict: str
    cell: str | None
    remarks: dict[str, list[str]] = field(default_factory=dict)


def choose(cells: Sequence[Mapping[str, Any]], rows: Sequence[Row], canaries: Collection[str]) -> Choice:
    """Of one model's assessed cells on one tier. `canaries` are those the duty's pass rate is asked of."""
    by_id = {row["id"]: row for row in rows}
    better = shown_better(rows)
    for verdict in ("good_enough", "not_shown", "not_good_enough"):
        candidates = [by_id[cell["cell"]] for cell in cells if cell["verdict"] == verdict and cell["pass_rate"]["of"]]
        remarks: dict[str, list[str]] = {}
        if verdict != "not_good_enough":
            closed = _kept_classes(cells, by_id) if verdict == "good_enough" else set()
            candidates, remarks = _that_may_be_taken(candidates, [by_id[cell] for cell in better], canaries, closed)
        if candidates:
            return Choice(verdict, str(best(candidates, canaries)["id"]), remarks)
    some = any(cell["verdict"] == "not_good_enough" for cell in cells)
    return Choice("not_good_enough" if some else "not_measured", None)


def shown_better(rows: Sequence[Row]) -> list[str]:
    """The cells of single levels that are shown to be better than their baseline, by the rule of replicates."""
    return [row["id"] for row in rows if row["look"] and row["look"]["state"] == "efficacy"]


def _that_may_be_taken(
    rows: list[Row], winners: Sequence[Row], canaries: Collection[str], kept_classes: Collection[str]
) -> tuple[list[Row], dict[str, list[str]]]:
    """Of each host class, where a level replaces the baseline only when shown better: the highest of several noisy
    rates flatters its cell. The winning levels together come first, unless they did worse than the best of them alone.
    """
    taken: list[Row] = []
    remarks: dict[str, list[str]] = {}
    for host_class in dict.fromkeys(row["host_class"] for row in rows):
        here = [row for row in rows if row["host_class"] == host_class]
        ours = [row for row in winners if row["host_class"] == host_class]
        levels = [row for row in here if row["factor"] != CONFIRMATION]
        unproven = [row for row in levels if not row["baseline"] and row not in ours]
        taken += (
            _together(here, ours, canaries, remarks)
            or [row for row in here if row in ours]
            or [row for row in levels if row["baseline"]]
            or (unproven if host_class not in kept_classes else [])
        )
        if host_class in kept_classes:
            said = "not shown to be better than the baseline, of which it is open whether it does as well"
            remarks |= {row["id"]: [said] for row in unproven}
    return taken, remarks


def _together(
    rows: Sequence[Row], winners: Sequence[Row], canaries: Collection[str], remarks: dict[str, list[str]]
) -> list[Row]:
    found = []
    for row in (one for one in rows if one["factor"] == CONFIRMATION):
        made_of = [one for one in winners if _is_part(one, row)]
        said = worse_than(row, best(made_of, canaries), canaries) if made_of else None
        if said:
            remarks[row["id"]] = [f"together the winning levels {said}, so the one alone is taken"]
        elif made_of:
            found.append(row)
    return found


def _kept_classes(cells: Sequence[Mapping[str, Any]], by_id: Mapping[str, Row]) -> set[str]:
    """Host classes whose baseline may still be as good as asked: it lacks trials and nothing else. A level that got
    there by luck is not taken in its place; where a baseline cannot be taken at all, a level can."""
    return {
        str(by_id[one["cell"]]["host_class"])
        for one in cells
        if by_id[one["cell"]]["baseline"] and one["checks"] and not any(_hopeless(check) for check in one["checks"])
    }


def _hopeless(check: Mapping[str, Any]) -> bool:
    """Missed, and by more than few trials could be blamed for; or not measured at all."""
    return check["result"] == "unknown" or (check["result"] == "missed" and bool(check.get("ruled_out", True)))


def _is_part(row: Row, of: Row) -> bool:
    return row["factor"] in of["level"] and of["level"][row["factor"]] == row["level"]


def best(rows: Sequence[Row], canaries: Collection[str]) -> Row:
    """Highest pass rate on the canaries that all of them ran on; ties go to fewer confidently wrong, fewer tokens per
    pass, the sweep's order."""
    common = shared(rows, canaries)
    return min(
        enumerate(rows),
        key=lambda pair: (
            -mean_rate(pair[1], common),
            pair[1]["confidently_wrong"]["rate"] or 0.0,
            pair[1]["generated_tokens_per_pass"] or float("inf"),
            pair[0],
        ),
    )[1]


def shared(rows: Sequence[Row], canaries: Collection[str]) -> set[str]:
    """Those of these canaries on which every row has a counted trial."""
    counted = [{one["canary"] for one in row["canaries"] if one["counted"]} for row in rows]
    return set(canaries).intersection(*counted)


def mean_rate(row: Row, canaries: Collection[str]) -> float:
    """The mean over the canaries of the share that passed on each: one that had more replicates weighs no more."""
    rates = [one["passed"] / one["counted"] for one in row["canaries"] if one["canary"] in canaries and one["counted"]]
    return math.fsum(rates) / len(rates) if rates else 0.0


def worse_than(row: Row, other: Row, canaries: Collection[str]) -> str | None:
    """`passed 3 of 8 where temperature 0.8 passed 6 of 8`, on the canaries both ran on; None where it is not worse."""
    common = shared([row, other], canaries)
    if mean_rate(row, common) >= mean_rate(other, common):
        return None
    return f"passed {counts(row, common)} where {other['label']} passed {counts(other, common)}"


def counts(row: Row, canaries: Collection[str]) -> str:
    ours = [one for one in row["canaries"] if one["canary"] in canaries]
    return f"{sum(one['passed'] for one in ours)} of {sum(one['counted'] for one in ours)}"
