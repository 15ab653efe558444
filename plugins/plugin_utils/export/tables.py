# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of an export, and what is in them. Order and content follow from what the store holds and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..store import Store
from ..sweep.counting import reasons
from ..sweep.digest import canonical
from .columns import Columns

TABLES = ("generations", "cells", "trials", "attempts", "blocks", "rounds", "loads", "smokes")
GENERATION = ("state", "created_at", "completed_at", "stack")
TRIAL = ("cell", "model", "model_digest", "canary", "canary_digest", "grade", "replicate", "seed", "block", "purpose",
         "stage", "state", "host")  # fmt: skip
# What decides whether a trial counts, apart from its record.
JUDGED = ("id", "cell", "canary", "replicate", "block", "purpose", "state")
JUDGED_RECORD = ("outcome", "ceiling", "generations_sha256")


def exported(store: Store, chosen: Iterable[tuple[str, int, int]]) -> dict[str, Columns]:
    """The tables with these generations (name of the sweep, number, id) in them, one after the other."""
    tables = {name: Columns() for name in TABLES}
    for sweep, number, generation_id in chosen:
        with store.streamed(generation_id) as summary:
            _add(tables, {"sweep": sweep, "generation": number}, summary)
    return tables


def _add(tables: Mapping[str, Columns], of: Mapping[str, Any], summary: Mapping[str, Any]) -> None:
    tables["generations"].add(of, {name: summary["generation"][name] for name in GENERATION})
    for cell in summary["cells"]:
        level = {"level": None if cell["level"] is None else canonical(cell["level"])}
        tables["cells"].add(of, {"cell": cell["id"]}, _without(cell, "id", "level"), level)
    for name in ("blocks", "rounds", "loads"):
        for row in summary[name]:
            tables[name].add(of, row)
    for smoke in summary["smokes"]:
        for check in smoke["checks"]:
            # A check's detail may quote what an engine or a model said.
            of_check = {"check": check["name"], **_without(check, "name", "detail")}
            tables["smokes"].add(of, _without(smoke, "checks", "ok"), of_check)
    _add_trials(tables["trials"], tables["attempts"], of, summary)


def _add_trials(trials: Columns, attempts: Columns, of: Mapping[str, Any], summary: Mapping[str, Any]) -> None:
    """`left_out` says why a trial is in no denominator, as the finding cards have it."""
    host_classes = {cell["id"]: cell["host_class"] for cell in summary["cells"]}
    judged = []
    for trial in summary["trials"]:
        record = trial["record"]
        plan = {"trial": trial["id"], "host_class": host_classes[trial["cell"]]} | {name: trial[name] for name in TRIAL}
        trials.add(of, plan, {"left_out": None}, record or {})
        for attempt in trial["attempts"]:
            attempts.add(of, {"trial": trial["id"]}, attempt)
        told = {name: record.get(name) for name in JUDGED_RECORD} if record else None
        judged.append({name: trial[name] for name in JUDGED} | {"record": told})
    why = reasons(judged, summary["cells"], summary["blocks"])
    if judged:
        trials.fill("left_out", [why[one["id"]] for one in judged])


def _without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
