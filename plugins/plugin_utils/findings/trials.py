# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A generation's trials as one table, and which of them count.

Never in a denominator: a warm-up or an anchor, a void trial (not the model's doing), an interface failure (the engine's
template or parser broke a well-formed reply), a trial of a cell whose factor did not take effect or of a block whose
speed drifted, and a trial that generated exactly what an earlier one of its cell and canary did (the same experiment
written down twice: identical generations count as one replicate). Each is counted apart, and the card says how many.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ..sweep.counting import left_out

# As they are, and texts that many trials have in common.
PLAN_OWN = ("id", "seed", "grade", "replicate", "block")
PLAN_SHARED = ("cell", "model", "canary", "canary_digest", "host", "purpose", "stage", "state")
RECORD_OWN = ("would_pass", "submitted", "generations_sha256", "started_at")
RECORD_SHARED = ("outcome", "ceiling", "detail", "visible_tests", "usage_source", "energy_from", "probe_reads",
                 "probe_why")  # fmt: skip
TEXTS = (*PLAN_OWN, *PLAN_SHARED, *RECORD_OWN, *RECORD_SHARED, "budgets", "left_out", "attempt", "attempts",
         "void_attempts")  # fmt: skip
NUMBERS = (
    "turns", "prompt_tokens", "cached_tokens", "generated_tokens", "reasoning_tokens", "ttft_seconds",
    "prompt_tokens_per_second", "generated_tokens_per_second", "wall_seconds", "tool_calls", "hidden_passed",
    "energy_joules", "probe_factor", "probe_turns", "probe_generated_tokens", "probe_wall_seconds",
)  # fmt: skip
AT_ONCE = 5000
PROBE_USED = ("turns", "generated_tokens", "wall_seconds")
# Why a trial is in no denominator, the first that holds; `open` is not left out, it has only not been run.
EXCLUSIONS = ("warm_up", "anchor", "drift", "not_applied", "void", "interface", "repeat")
# At temperature 0, of records that do not say what was generated: the same course is the same generations.
SIGNATURE = ["cell", "canary", "outcome", "ceiling", "detail", "turns", "prompt_tokens", "generated_tokens",
             "tool_calls", "hidden_passed"]  # fmt: skip


@cache
def _numpy() -> Any:
    import numpy

    return numpy


@cache
def _pandas() -> Any:
    import pandas

    return pandas


def trial_table(summary: Mapping[str, Any], model: str) -> Any:
    """A DataFrame of one model's trials; see `every_trial`."""
    return of_model(every_trial(summary), model)


def of_model(table: Any, model: str) -> Any:
    return table[table["model"] == model].reset_index(drop=True)


def every_trial(summary: Mapping[str, Any]) -> Any:
    """A DataFrame of all trials in cell, canary, replicate order (planned ones too, without an ending).

    Reads `summary["trials"]` once and keeps none of its records, so that a generator of them does as well.
    """
    order = {cell["id"]: position for position, cell in enumerate(summary["cells"])}
    columns = _columns(summary)
    columns["cell_position"] = [order[cell] for cell in columns["cell"]]
    table = _pandas().DataFrame(columns)
    table = table.sort_values(["cell_position", "canary", "replicate", "id"], ignore_index=True)
    return _classified(table, summary)


class _Kept(dict[Any, Any]):
    """One copy of what is the same again and again."""

    def __missing__(self, value: Any) -> Any:
        self[value] = value
        return value


def _columns(summary: Mapping[str, Any]) -> dict[str, Any]:
    """By the name of the column; no dict a row, which would take ten times the memory."""
    classes = {cell["id"]: cell["host_class"] for cell in summary["cells"]}
    refused = {cell["id"] for cell in summary["cells"] if cell["state"] == "factor_not_applied"}
    drifted = {(one["host_class"], one["number"]) for one in summary.get("blocks", ()) if one["state"] == "drifted"}
    kept = _Kept()
    # Of a canary they are all alike, so one of them stands for all.
    budgets: dict[str, Any] = {}
    texts: list[tuple[Any, ...]] = []
    numbers: list[Any] = []
    waiting: list[tuple[Any, ...]] = []
    for trial in summary["trials"]:
        record, attempts, cell = trial.get("record"), trial["attempts"], trial["cell"]
        in_drift = bool(drifted) and (classes[cell], trial.get("block")) in drifted
        why = left_out(trial, drifted=in_drift, not_applied=cell in refused)
        if record is None:
            record = {}
            if trial["state"] == "void":
                # Its host was lost before it could write one.
                record = {"outcome": "void", "detail": attempts[-1]["why"] if attempts else None}
        elif record.get("probe"):
            record = {**record, **_probed(record["probe"])}
        given = record.get("budgets")
        if budgets.get(trial["canary"]) != given:
            budgets[trial["canary"]] = given
        texts.append(
            (
                *map(trial.get, PLAN_OWN),
                *map(kept.__getitem__, map(trial.get, PLAN_SHARED)),
                *map(record.get, RECORD_OWN),
                *map(kept.__getitem__, map(record.get, RECORD_SHARED)),
                budgets.get(trial["canary"]),
                why,
                attempts[-1]["number"] if attempts else None,
                len(attempts),
                [attempt["state"] for attempt in attempts].count("void"),
            )
        )
        waiting.append(tuple(map(record.get, NUMBERS)))
        if len(waiting) == AT_ONCE:
            numbers.append(_array(waiting))
            waiting = []
    numbers.append(_array(waiting))
    columns: dict[str, Any] = (
        dict(zip(TEXTS, zip(*texts, strict=True), strict=True)) if texts else dict.fromkeys(TEXTS, ())
    )
    columns["purpose"] = [purpose or "measure" for purpose in columns["purpose"]]
    return {name: _pandas().Series(values, dtype=object) for name, values in columns.items()} | {
        name: _numpy().concatenate([part[:, place] for part in numbers]) for place, name in enumerate(NUMBERS)
    }


def _array(rows: list[tuple[Any, ...]]) -> Any:
    return _numpy().array(rows, dtype="float64").reshape(-1, len(NUMBERS))


def _probed(probe: Mapping[str, Any]) -> dict[str, Any]:
    """How a trial went on past its ceiling, in columns of its own."""
    used = {f"probe_{name}": probe["used"].get(name) for name in PROBE_USED}
    return {"probe_factor": probe["factor"], "probe_reads": probe["reads"], "probe_why": probe["why"]} | used


def _classified(table: Any, summary: Mapping[str, Any]) -> Any:
    """Add `ending` (what the plots show), the repeats to `left_out`, `counted`, `passed`, `wrong`, and `ran`.

    `ran` is what says something of the model's speed and of its budgets: every verdict, an exact repeat included.
    """
    table["ending"] = table["ceiling"].where(table["outcome"] == "failed", table["outcome"])
    table["ending"] = table["ending"].where(table["outcome"].notna(), "open")
    table.loc[_repeats(table, summary), "left_out"] = "repeat"
    table["counted"] = table["left_out"].isna()
    nothing_said = table["ending"].isin(["open", "void"]) | table["left_out"].isin(["warm_up", "anchor", "drift"])
    table["ran"] = ~nothing_said
    table["passed"] = table["ending"] == "passed"
    # Confidently wrong: it said it was done and the hidden tests say it is not.
    table["wrong"] = (table["outcome"] == "failed") & table["submitted"].eq(True) & table["would_pass"].ne(True)
    return table


def _repeats(table: Any, summary: Mapping[str, Any]) -> Any:
    """Which of the rows that would count generated exactly what an earlier one did: as `counting.reasons` has it."""
    usable = table[table["left_out"].isna()]
    told = usable["generations_sha256"].notna()
    greedy = [cell["id"] for cell in summary["cells"] if cell.get("chat", {}).get("temperature") == 0]
    repeats = _pandas().Series(False, index=table.index)
    for rows, names in (
        (usable[told], ["cell", "canary", "generations_sha256"]),
        (usable[~told & usable["cell"].isin(greedy)], SIGNATURE),
    ):
        repeats[rows.index] = rows.duplicated(names)
    return repeats
