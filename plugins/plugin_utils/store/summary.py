# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading: how far a generation is, and everything the findings are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .errors import StoreError
from .generations import left
from .tables import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

GENERATION = ("id", "number", "state", "stack", "created_at", "completed_at")
LOAD = ("host", "model", "load_digest", "load", "load_seconds", "predicted_bytes", "resident_bytes",
        "available_bytes", "at")  # fmt: skip
SMOKE = ("host", "model", "load_digest", "ok", "checks", "at")
CELL = ("id", "model", "host_class", "factor", "level", "load", "chat", "load_digest", "state", "numbers")
TRIAL = ("id", "cell", "model", "model_digest", "canary", "canary_digest", "grade", "replicate", "seed", "block",
         "purpose", "stage", "state")  # fmt: skip
BLOCK = ("host_class", "number", "model", "load_digest", "state", "numbers")
ROUND = ("host_class", "model", "number", "decisions", "at")
ATTEMPT = ("number", "host", "state", "why", "started_at", "ended_at")


def progress(connection: Connection, generation_id: int) -> dict[str, int]:
    """Trials in all, running, left to run (running ones included), and done: those that need nothing more.

    Of the done ones, `void` were given up, and `closed` never ran because their cell was closed before.
    """
    from sqlalchemy import func, select

    trials = tables().trials
    query = select(trials.c.state, func.count()).where(trials.c.generation == generation_id).group_by(trials.c.state)
    counts = {str(row[0]): int(row[1]) for row in connection.execute(query)}
    total, remaining = sum(counts.values()), left(connection, generation_id)
    return {
        "total": total,
        "left": remaining,
        "running": counts.get("running", 0),
        "done": total - remaining,
        "void": counts.get("void", 0),
        "closed": counts.get("planned", 0) + counts.get("running", 0) - remaining,
    }


def summary(connection: Connection, generation_id: int) -> dict[str, Any]:
    """Everything known of one generation, as plain data, in the order of the plan."""
    every = tables()
    generation = _one(connection, every.generations, generation_id)
    attempts: dict[str, list[Mapping[str, Any]]] = {}
    for row in _rows(connection, every.attempts, generation_id, ["trial", "number"]):
        attempts.setdefault(row["trial"], []).append(row)
    return {
        "sweep": generation["definition"],
        "generation": _only(generation, GENERATION),
        "models": generation["models"],
        "hosts": generation["hosts"],
        "loads": _listed(connection, every.loads, generation_id, LOAD),
        "smokes": _listed(connection, every.smokes, generation_id, SMOKE),
        "blocks": _listed(connection, every.blocks, generation_id, BLOCK),
        "rounds": _listed(connection, every.rounds, generation_id, ROUND),
        "cells": _listed(connection, every.cells, generation_id, CELL, ["position", "id"]),
        "trials": [
            _trial(row, attempts.get(row["id"], []))
            for row in _rows(connection, every.trials, generation_id, ["position", "id"])
        ],
    }


def _trial(row: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A trial, its attempts, and the record that ended it: none while it waits or runs."""
    over = row["state"] in ("done", "void")
    return _only(row, TRIAL) | {
        "host": attempts[-1]["host"] if attempts else None,
        "attempts": [_only(attempt, ATTEMPT) for attempt in attempts],
        "record": attempts[-1]["record"] if over else None,
    }


def _one(connection: Connection, table: Table, row_id: int) -> Mapping[str, Any]:
    row = connection.execute(table.select().where(table.c.id == row_id)).mappings().first()
    if row is None:
        raise StoreError(f"The store has no generation {row_id}.", "plan the sweep first.")
    return dict(row)


def _rows(connection: Connection, table: Table, generation_id: int, order: Sequence[str]) -> list[Mapping[str, Any]]:
    query = table.select().where(table.c.generation == generation_id).order_by(*(table.c[name] for name in order))
    return [dict(row) for row in connection.execute(query).mappings()]


def _listed(
    connection: Connection, table: Table, generation_id: int, names: Sequence[str], order: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """These columns of a generation's rows, in the order of their primary key if of no other."""
    by = order or [column.name for column in table.primary_key]
    return [_only(row, names) for row in _rows(connection, table, generation_id, by)]


def _only(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}
