# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The card's evidence about canaries and what did not work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .words import STATE_TEXT, plural, size


def canary_rows(table: Any, model: str) -> list[dict[str, Any]]:
    """Every canary the model met, and what all models of the generation came to on it.

    Where every counted trial of every model passed, or none did, the canary told nothing apart: `informative` is False.
    """
    mine = table[(table["model"] == model) & (table["purpose"] == "measure")]
    mine = mine.drop_duplicates("canary").sort_values(["grade", "canary"])
    counted = table.loc[table["counted"], "canary"].value_counts()
    passes = table.loc[table["counted"] & table["passed"], "canary"].value_counts()
    rows = []
    for name, grade, digest in zip(mine["canary"], mine["grade"], mine["canary_digest"], strict=True):
        passed, of = int(passes.get(name, 0)), int(counted.get(name, 0))
        rows.append(
            {
                "name": name,
                "grade": int(grade),
                "digest": digest,
                "passed": passed,
                "counted": of,
                "informative": 0 < passed < of if of else None,
            }
        )
    return rows


def didnt_work(summary: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Cells that were dropped, with the reason, and levels that did no better than the baseline, with the evidence."""
    found, finished = [], summary["generation"]["state"] == "complete"
    for row in rows:
        if row["state"] in STATE_TEXT and row["state"] not in ("open", "stopped_early"):
            why = f": {row['reason']}" if row["reason"] else ""
            found.append({"what": row["label"], "why": f"{STATE_TEXT[row['state']]}{why}"})
        compared = row["versus_baseline"]
        if finished and compared and compared["difference"] <= 0:
            found.append({"what": row["label"], "why": _no_better(row, rows)})
    return found


def _no_better(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    baseline = next(one for one in rows if one["baseline"] and one["host_class"] == row["host_class"])
    mine, base, compared = row["pass_rate"], baseline["pass_rate"], row["versus_baseline"]
    verb = "did worse than" if compared["difference"] < 0 else "did no better than"
    text = f"{verb} the baseline: {mine['count']} of {mine['of']} passed against {base['count']} of {base['of']}"
    if row["look"]:
        return f"{text}; {row['look']['words']}"
    return text


def settings_of(
    row: Mapping[str, Any], smokes: Sequence[Mapping[str, Any]], hosts: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What the newest smoke of a cell's load config found to work instead of what was asked for; else nothing.

    `smokes` are the model's own, `hosts` a card's, which names those of each host class.
    """
    names = {name for one in hosts if one["host_class"] == row["host_class"] for name in one["hosts"]}
    found = [
        one["settings"]
        for one in smokes
        if one["load_digest"] == row["load_digest"] and one["host"] in names and one.get("settings")
    ]
    return dict(found[-1]) if found else {}


def state_reason(summary: Mapping[str, Any], model: str, row: Mapping[str, Any]) -> str:
    """Why the cell is in its state, where that is not plain from the state itself."""
    numbers = row["numbers"] or {}
    if row["state"] == "smoke_failed":
        return _smoke_reason(summary, model, row)
    if numbers.get("predicted_bytes") is not None and numbers.get("available_bytes") is not None:
        reserve = numbers.get("reserve_bytes")
        with_reserve = f" and a reserve of {size(reserve)}" if reserve else ""
        return (
            f"it needs {size(numbers['predicted_bytes'])}{with_reserve}, "
            f"{size(numbers['available_bytes'])} were available"
        )
    if row["state"] == "unstable":
        return f"{row['void_attempts']} of {plural(row['attempts'], 'attempt')} void"
    return str(numbers.get("reason") or "")


def _smoke_reason(summary: Mapping[str, Any], model: str, row: Mapping[str, Any]) -> str:
    hosts = {host["name"] for host in summary["hosts"] if host["host_class"] == row["host_class"]}
    failed = [
        f"{check['name']} ({check['detail']})" if check.get("detail") else str(check["name"])
        for smoke in summary["smokes"]
        if smoke["model"] == model and smoke["load_digest"] == row["load_digest"] and smoke["host"] in hosts
        for check in smoke["checks"]
        if not check["ok"]
    ]
    return "; ".join(dict.fromkeys(failed))
