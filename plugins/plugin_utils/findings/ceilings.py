# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The card's section on budgets: for each canary whether they or the model stood in the way, and what to give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..sweep.ceilings import AXES, FEWEST_FAILURES, NEARLY, ceilings
from .words import interval, listing, number, percent, plural

LIMITS = {
    "turns": "turn limit",
    "generated_tokens": "token limit",
    "completion_tokens": "length limit of one reply",
    "context_tokens": "end of the window",
    "wall_clock_seconds": "time limit",
}
COLUMNS = ("outcome", "ceiling", "detail", "would_pass", "budgets", *AXES, "probe_factor", "probe_reads", "probe_why",
           *(f"probe_{axis}" for axis in AXES))  # fmt: skip
UNITS = {"turns": "turns", "generated_tokens": "generated tokens", "completion_tokens": "tokens per reply",
         "wall_clock_seconds": "seconds"}  # fmt: skip
VERDICTS = {
    "confirmed": "the budget",
    "fits": "not the budget",
    "capability": "the model",
    "unresolved": "open",
}
REMEDIES = {
    "probe_budget": "still getting somewhere at {factor} times that: sweep with a larger probe_factor",
    "not_probed": "not let go on past it: sweep with a probe_factor of 2",
    "context": "stopped by the window: give a larger context_tokens",
    "wall_clock": "stopped by the clock: give more wall_clock_seconds, or a faster host",
}


def card_ceilings(table: Any, cell: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the counted trials of one cell say about its budgets: another cell's trials are another agent's."""
    if cell is None:
        return None
    counted = table.loc[table["counted"] & (table["cell"] == cell["id"]), ["canary", *COLUMNS]]
    canaries = [
        _canary(canary, [_record(row) for row in rows.to_dict("records")])
        for canary, rows in counted.groupby("canary", sort=True)
    ]
    return {"cell": cell["id"], "label": cell["label"], "sentence": _headline(canaries), "canaries": canaries}


def _record(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as the trial recorded it; what a table does not know is NaN in it."""
    probe = None
    if row["probe_reads"]:
        used = {axis: row[f"probe_{axis}"] for axis in AXES}
        probe = {"factor": row["probe_factor"], "reads": row["probe_reads"], "why": row["probe_why"], "used": used}
    return {**row, "probe": probe}


def _canary(canary: str, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    one = {"canary": canary, **ceilings(records)}
    one["would_pass"] = sum(record["outcome"] != "passed" and bool(record.get("would_pass")) for record in records)
    return one | {"sentence": _sentence(one)}


def _headline(canaries: Sequence[Mapping[str, Any]]) -> str:
    """One line for the terminal and the top of the section."""
    by_verdict: dict[str, list[str]] = {verdict: [] for verdict in VERDICTS}
    for one in canaries:
        raised = one["verdict"] == "confirmed" and one["recommended"]["changed"]
        by_verdict[one["verdict"]].append(f"{one['canary']} ({raise_text(one)})" if raised else one["canary"])
    said = []
    if by_verdict["confirmed"]:
        said.append(f"a larger budget passes on {listing(by_verdict['confirmed'])}")
    if by_verdict["capability"]:
        said.append(f"more budget would not help on {listing(by_verdict['capability'])}")
    if by_verdict["unresolved"]:
        said.append(f"open on {listing(by_verdict['unresolved'])}")
    if not said:
        return "Budgets: none stood in the way." if canaries else ""
    return f"Budgets: {'; '.join(said)}."


def raise_text(one: Mapping[str, Any]) -> str:
    """`turns 40 → 75`, for each budget that is to be raised."""
    given, wanted = one["budgets"], one["recommended"]
    changes = [f"{name} {number(given.get(name))} → {number(wanted[name])}" for name in wanted["changed"]]
    return ", ".join(changes)


def _sentence(one: Mapping[str, Any]) -> str:
    say = {"confirmed": _confirmed, "fits": _fits, "capability": _capability, "unresolved": _unresolved}
    late = one["would_pass"]
    pushed = f" {plural(late, 'trial')} that did not pass had a correct push all the same." if late else ""
    return say[one["verdict"]](one) + pushed


def _confirmed(one: Mapping[str, Any]) -> str:
    beyond, limit = one["passes_beyond"], one["limit"]
    met = one["met"][limit]
    text = (
        f"{beyond['count']} of {plural(beyond['of'], 'trial')} that met a limit passed when they went on past it "
        f"({percent(beyond['rate'])}, 95 % interval {interval(beyond)}). First met was the {LIMITS[limit]}"
    )
    other = next((axis for axis in AXES if limit in AXES and axis != limit), None)
    if other:
        share = met[f"{other}_share"]
        near = share is not None and share >= NEARLY
        text += f", with {percent(share)} of the {UNITS[other]} used by then"
        text += ": both go together." if near or one["needed"]["both"] else ": the other budget is not the problem."
    else:
        text += "."
    return f"{text}{_raise(one)}"


def _raise(one: Mapping[str, Any]) -> str:
    recommended = one["recommended"]
    if not recommended["changed"]:
        return ""
    text = f" Give {raise_text(one)}."
    if recommended["beyond_observed"]:
        units = listing([UNITS[axis] for axis in recommended["beyond_observed"]])
        text += f" No trial was run under so many {units}: the margin goes beyond what was seen."
    return text


def _fits(one: Mapping[str, Any]) -> str:
    met = sum(one["verdicts"].values())
    if met:
        text = (
            f"{plural(met, 'trial')} met a limit and did not pass past it, {one['passed']} of {one['trials']} passed "
            "within."
        )
    else:
        text = "No trial met a limit."
    if not one["recommended"]["changed"]:
        return text
    near = listing(
        [
            f"{number(one['recommended']['used'][axis])} of {number(one['budgets'][axis])} {UNITS[axis]}"
            for axis in one["recommended"]["changed"]
        ]
    )
    return f"{text} What passed came near, with up to {near}.{_raise(one)}"


def _capability(one: Mapping[str, Any]) -> str:
    failures = one["failed"] + one["verdicts"]["capability"]
    text = f"More budget would not help: {failures} of {plural(one['trials'], 'trial')} failed for another reason"
    if one["verdicts"]["capability"]:
        text += f", {one['verdicts']['capability']} of them past a limit"
    open_ = one["verdicts"]["unresolved"]
    return f"{text}{f', {open_} stayed open' if open_ else ''}, and none passed."


def _unresolved(one: Mapping[str, Any]) -> str:
    whys = one["unresolved_why"]
    if not whys:
        failures = one["failed"] + one["verdicts"]["capability"]
        return (
            f"Too few trials to tell: {failures} failed for another reason than a budget, and {FEWEST_FAILURES} are "
            "needed to say that none would help."
        )
    factor = number(one["budgets"].get("probe_factor", 2.0))
    reasons = [
        f"{plural(count, 'trial')} {REMEDIES.get(why, f'stopped by the engine ({why})').format(factor=factor)}"
        for why, count in whys.items()
    ]
    return f"Whether more budget helps is open: {'; '.join(reasons)}."
