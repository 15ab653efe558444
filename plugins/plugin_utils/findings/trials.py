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
from operator import itemgetter
from typing import Any, cast

from ..sweep.counting import left_out

# As they are, and texts that many trials have in common.
PLAN_OWN = ("id", "seed", "grade", "replicate", "block")
PLAN_SHARED = ("cell", "model", "model_digest", "canary", "canary_digest", "host", "purpose", "stage", "state")
RECORD_OWN = ("would_pass", "submitted", "generations_sha256", "started_at")
RECORD_SHARED = ("outcome", "ceiling", "detail", "visible_tests", "usage_source")
TEXTS = (*PLAN_OWN, *PLAN_SHARED, *RECORD_OWN, *RECORD_SHARED, "energy_from", "probe_reads", "probe_why", "budgets",
         "left_out", "attempt", "attempts", "void_attempts")  # fmt: skip
RECORDED = (
    "turns", "prompt_tokens", "cached_tokens", "generated_tokens", "reasoning_tokens", "ttft_seconds",
    "prompt_tokens_per_second", "generated_tokens_per_second", "wall_seconds", "tool_calls", "hidden_passed",
)  # fmt: skip
PROBE_USED = ("turns", "generated_tokens", "wall_seconds")
NUMBERS = (*RECORDED, "energy_joules", "probe_factor", *(f"probe_{name}" for name in PROBE_USED))
# A cell may have the anchors of several blocks.
ORDER = ["cell_position", "canary", "replicate", "purpose", "block"]
NO_PROBE = (None,) * (1 + len(PROBE_USED))
AT_ONCE = 5000
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
    table = table.sort_values(ORDER, ignore_index=True)
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
    same = _Kept().__getitem__
    # Of a canary they are all alike, so one of them stands for all.
    budgets: dict[str, Any] = {}
    texts: list[tuple[Any, ...]] = []
    numbers: list[Any] = []
    waiting: list[tuple[Any, ...]] = []
    for trial in summary["trials"]:
        attempts, cell, canary = trial["attempts"], trial["cell"], trial["canary"]
        in_drift = bool(drifted) and (classes[cell], trial.get("block")) in drifted
        record = trial.get("record") or _unrecorded(trial)
        given, probe = record.get("budgets"), record.get("probe")
        if given and budgets.get(canary) != given:
            budgets[canary] = given
        texts.append(
            (
                *_taken(trial, PLAN_OWN),
                *map(same, _taken(trial, PLAN_SHARED)),
                *_taken(record, RECORD_OWN),
                *map(same, _taken(record, RECORD_SHARED)),
                record.get("energy_from"),
                *((same(probe["reads"]), same(probe["why"])) if probe else (None, None)),
                budgets.get(canary),
                left_out(trial, drifted=in_drift, not_applied=cell in refused),
                attempts[-1]["number"] if attempts else None,
                len(attempts),
                [attempt["state"] for attempt in attempts].count("void"),
            )
        )
        waiting.append(
            (*_taken(record, RECORDED), record.get("energy_joules"), *(_probed(probe) if probe else NO_PROBE))
        )
        if len(waiting) == AT_ONCE:
            numbers.append(_array(waiting))
            waiting = []
    numbers.append(_array(waiting))
    columns = zip(*texts, strict=True) if texts else [()] * len(TEXTS)
    found = {name: _pandas().Series(values, dtype=object) for name, values in zip(TEXTS, columns, strict=True)}
    # Planned before trials were for anything but a measurement.
    found["purpose"] = found["purpose"].fillna("measure")
    return found | {
        name: _numpy().concatenate([part[:, place] for part in numbers]) for place, name in enumerate(NUMBERS)
    }


@cache
def _getter(names: tuple[str, ...]) -> Any:
    return itemgetter(*names)


def _taken(row: Mapping[str, Any], names: tuple[str, ...]) -> tuple[Any, ...]:
    """The values by these names, None for what is not there: all of them are, but in rows from before some were."""
    try:
        return cast("tuple[Any, ...]", _getter(names)(row))
    except KeyError:
        return tuple(map(row.get, names))


def _unrecorded(trial: Mapping[str, Any]) -> dict[str, Any]:
    """Of a trial that waits or runs; or given up, because its host was lost before it could write one."""
    attempts = trial["attempts"]
    return {"outcome": "void", "detail": attempts[-1]["why"] if attempts else None} if trial["state"] == "void" else {}


def _array(rows: list[tuple[Any, ...]]) -> Any:
    return _numpy().array(rows, dtype="float64").reshape(-1, len(NUMBERS))


def _probed(probe: Mapping[str, Any]) -> tuple[Any, ...]:
    """How a trial went on past its ceiling, in columns of its own."""
    return (probe["factor"], *(probe["used"].get(name) for name in PROBE_USED))


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
