# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading: what is left to run, how far it is, and everything the findings are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..agent.budgets import trial_seconds
from . import claims
from .errors import StoreError
from .generations import left
from .rows import Block
from .tables import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

GENERATION = ("id", "number", "state", "stack", "created_at", "completed_at")
LOAD = ("host", "model", "load_digest", "load", "load_seconds", "predicted_bytes", "resident_bytes",
        "available_bytes", "at")  # fmt: skip
SMOKE = ("host", "model", "load_digest", "ok", "checks", "at")
CELL = ("id", "model", "host_class", "factor", "level", "load", "chat", "load_digest", "state", "numbers")
TRIAL = ("id", "cell", "model", "canary", "grade", "replicate", "seed", "state")
ATTEMPT = ("number", "host", "state", "why", "started_at", "ended_at")


def blocks(connection: Connection, generation_id: int, host_class: str) -> list[Block]:
    """The blocks of a host class in which trials wait, in the order to run them."""
    cells, trials = tables().cells, tables().trials
    query = (
        trials.select()
        .join_from(trials, cells, trials.c.cell == cells.c.id)
        .where(trials.c.generation == generation_id, trials.c.host_class == host_class)
        .where(trials.c.state == "planned", cells.c.state == "open")
        .order_by(trials.c.position, trials.c.id)
    )
    waiting: dict[str, list[Any]] = {}
    for row in connection.execute(query).mappings():
        waiting.setdefault(row["load_digest"], []).append(row)
    return [
        Block(
            model=rows[0]["model"],
            load_digest=load_digest,
            load=rows[0]["load"],
            trials_left=len(rows),
            trial_seconds=max(trial_seconds(row["budgets"]) for row in rows),
        )
        for load_digest, rows in waiting.items()
    ]


def block_cells(connection: Connection, generation_id: int, host_class: str, load_digest: str) -> list[dict[str, Any]]:
    cells = tables().cells
    of_block = claims.block_cells(generation_id, host_class, load_digest)
    rows = connection.execute(cells.select().where(of_block).order_by(cells.c.position, cells.c.id))
    return [_only(dict(row), CELL) for row in rows.mappings()]


def last_smoke(connection: Connection, generation_id: int, host: str, load_digest: str) -> dict[str, Any] | None:
    smokes = tables().smokes
    query = (
        smokes.select()
        .where(smokes.c.generation == generation_id, smokes.c.host == host, smokes.c.load_digest == load_digest)
        .where(smokes.c.ok.is_(True))
        .order_by(smokes.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else _only(dict(row), SMOKE)


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
        "loads": [_only(row, LOAD) for row in _rows(connection, every.loads, generation_id, ["id"])],
        "smokes": [_only(row, SMOKE) for row in _rows(connection, every.smokes, generation_id, ["id"])],
        "cells": [_only(row, CELL) for row in _rows(connection, every.cells, generation_id, ["position", "id"])],
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


def _only(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}
