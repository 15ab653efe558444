# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each cell of the sweep showed, in counts and intervals; timings are kept apart (`measured`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..stats import median_interval, passes_every_time, proportion, stratified_p_value, tidy
from .trials import EXCLUSIONS
from .words import plain

BUDGETS = ("turns", "tokens", "wall_clock")
MEASURED = (
    "generated_tokens_per_second",
    "prompt_tokens_per_second",
    "ttft_seconds",
    "wall_seconds",
)


def cell_rows(summary: Mapping[str, Any], model: str, table: Any) -> list[dict[str, Any]]:
    """The model's cells in the sweep's order, each compared with the baseline on the same host class."""
    cells = [cell for cell in summary["cells"] if cell["model"] == model]
    classes = {cell["host_class"] for cell in cells}
    times = int(summary["sweep"]["replicates"])
    trials, canaries = dict(iter(table.groupby("cell", sort=False))), _canary_rows(table)
    rows = [
        _cell_row(cell, trials.get(cell["id"], table.iloc[:0]), canaries.get(cell["id"], []), times, len(classes) > 1)
        for cell in cells
    ]
    tiers = host_tiers(summary)
    for row in rows:
        row["tiers"] = tiers.get(row["host_class"], [])
        baseline = next((one for one in rows if one["baseline"] and one["host_class"] == row["host_class"]), None)
        row["versus_baseline"] = None if baseline in (None, row) else compared(row, baseline)
    return rows


def host_tiers(summary: Mapping[str, Any]) -> dict[str, list[str]]:
    """The tiers of the hosts in each host class."""
    tiers: dict[str, set[str]] = {}
    for host in summary["hosts"]:
        tiers.setdefault(host["host_class"], set()).add(host["tier"])
    return {host_class: sorted(names) for host_class, names in tiers.items()}


def _cell_row(
    cell: Mapping[str, Any], rows: Any, canaries: Sequence[Mapping[str, Any]], times: int, name_class: bool
) -> dict[str, Any]:
    counted, to_measure = rows[rows["counted"]], rows[rows["purpose"] == "measure"]
    passed, tokens = int(counted["passed"].sum()), int(counted["generated_tokens"].sum())
    label = "baseline" if cell["factor"] is None else f"{cell['factor']} {plain(cell['level'])}"
    return {
        "id": cell["id"],
        "label": f"{label} on {cell['host_class']}" if name_class else label,
        "host_class": cell["host_class"],
        "factor": cell["factor"],
        "level": cell["level"],
        "baseline": cell["factor"] is None,
        "state": cell["state"],
        "numbers": cell.get("numbers"),
        "load": cell["load"],
        "chat": cell["chat"],
        "load_digest": cell["load_digest"],
        "model_digest": str(rows["model_digest"].iloc[0]) if len(rows) else None,
        "planned": len(to_measure),
        "recorded": int((to_measure["ending"] != "open").sum()),
        "left_out": {reason: int((rows["left_out"] == reason).sum()) for reason in EXCLUSIONS},
        "attempts": int(rows["attempts"].sum()),
        "void_attempts": int(rows["void_attempts"].sum()),
        "pass_rate": proportion(passed, len(counted)),
        "passes_every_time": _every_time(canaries, times),
        "confidently_wrong": proportion(int(counted["wrong"].sum()), len(counted)),
        "would_pass": int((counted["would_pass"].eq(True) & ~counted["passed"]).sum()),
        "stopped_by_budget": int(counted["ending"].isin(BUDGETS).sum()),
        "endings": dict(sorted(to_measure["ending"].value_counts().items())),
        "generated_tokens": median_interval(counted["generated_tokens"]),
        "turns": median_interval(counted["turns"]),
        "generated_tokens_per_pass": tidy(tokens / passed) if passed else None,
        "canaries": [{key: value for key, value in one.items() if key not in _TRIED} for one in canaries],
    }


# Exact repeats stay in these: they did pass, or fail, every time.
_TRIED = ("tried", "tried_passed")


def _canary_rows(table: Any) -> dict[str, list[dict[str, Any]]]:
    """Per cell, what came of each of its canaries."""
    rows = table[table["purpose"] == "measure"]
    tried = rows["counted"] | (rows["left_out"] == "repeat")
    counts = rows.assign(
        passed=rows["passed"] & rows["counted"],
        wrong=rows["wrong"] & rows["counted"],
        tried=tried,
        tried_passed=rows["passed"] & tried,
    ).groupby(["cell", "canary"], sort=True)
    sums = counts[["passed", "counted", "wrong", *_TRIED]].sum().astype(int)
    found: dict[str, list[dict[str, Any]]] = {}
    for (cell, canary), grade, trials, *numbers in zip(
        sums.index, counts["grade"].first(), counts["id"].agg(list), *(sums[name] for name in sums), strict=True
    ):
        row = {"canary": canary, "grade": int(grade), **dict(zip(sums, map(int, numbers), strict=True))}
        found.setdefault(cell, []).append(row | {"trials": trials})
    return found


def _every_time(canaries: Sequence[Mapping[str, Any]], times: int) -> dict[str, Any]:
    """pass^k over the canaries with k usable tries."""
    chances = [passes_every_time(one["tried_passed"], one["tried"], times) for one in canaries]
    known = [chance for chance in chances if chance is not None]
    return {"times": times, "rate": tidy(math.fsum(known) / len(known)) if known else None, "canaries": len(known)}


def compared(row: Mapping[str, Any], baseline: Mapping[str, Any]) -> dict[str, Any] | None:
    """Difference in pass rate over the canaries both cells counted, with an exact test stratified by canary."""
    other = {one["canary"]: one for one in baseline["canaries"]}
    pairs = [(one, other[one["canary"]]) for one in row["canaries"] if one["canary"] in other]
    pairs = [(one, base) for one, base in pairs if one["counted"] and base["counted"]]
    if not pairs:
        return None
    differences = [one["passed"] / one["counted"] - base["passed"] / base["counted"] for one, base in pairs]
    strata = [(one["passed"], one["counted"], base["passed"], base["counted"]) for one, base in pairs]
    return {
        "difference": tidy(math.fsum(differences) / len(differences)),
        "p_value": stratified_p_value(strata),
        "canaries": len(pairs),
    }


def measured_cells(table: Any) -> dict[str, dict[str, Any]]:
    """Speeds and times of every cell's trials that ran, counted or not: a repeat is still a timing."""
    ran = table[table["ran"]]
    return {
        str(cell): {name: median_interval(rows[name]) for name in MEASURED}
        for cell, rows in ran.groupby("cell", sort=False)
    }
