# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading: everything the findings are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import claims
from .errors import StoreError
from .tables import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

GENERATION = ("id", "number", "state", "stack", "created_at", "completed_at")
LOAD = ("host", "model", "load_digest", "load", "load_seconds", "predicted_bytes", "resident_bytes",
        "available_bytes", "predicted_tokens_per_second", "at")  # fmt: skip
SMOKE = ("host", "model", "load_digest", "ok", "checks", "at")
CELL = ("id", "model", "host_class", "factor", "level", "load", "chat", "load_digest", "state", "numbers")
TRIAL = ("id", "cell", "model", "model_digest", "canary", "canary_digest", "grade", "replicate", "seed", "block",
         "purpose", "stage", "state")  # fmt: skip
BLOCK = ("host_class", "number", "model", "load_digest", "state", "numbers")
ROUND = ("host_class", "model", "number", "decisions", "at")
ATTEMPT = ("number", "host", "state", "why", "started_at", "ended_at")
ROWS_AT_A_TIME = 500


def _settled(smoke: dict[str, Any]) -> dict[str, Any]:
    """With the `settings` that the trials were run with, where they are not what was asked for."""
    rescued = [check["numbers"]["settings"] for check in smoke["checks"] if check["name"] == "rescued"]
    return {**smoke, "settings": rescued[0]} if rescued else smoke


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


def summary(connection: Connection, generation_id: int) -> dict[str, Any]:
    """Everything known of one generation, as plain data, in the order of the plan."""
    every = tables()
    generation = _one(connection, every.generations, generation_id)
    return {
        "sweep": generation["definition"],
        "generation": _only(generation, GENERATION),
        "models": generation["models"],
        "hosts": generation["hosts"],
        "loads": _listed(connection, every.loads, generation_id, LOAD),
        "smokes": [_settled(one) for one in _listed(connection, every.smokes, generation_id, SMOKE)],
        "blocks": _listed(connection, every.blocks, generation_id, BLOCK),
        "rounds": _listed(connection, every.rounds, generation_id, ROUND),
        "cells": _listed(connection, every.cells, generation_id, CELL, ["position", "id"]),
        "trials": trials(connection, generation_id),
    }


def trials(connection: Connection, generation_id: int) -> Iterator[dict[str, Any]]:
    """Each trial with its attempts and the record that ended it: none while it waits or runs.

    Read as they are asked for, so that a generation of any size takes no more memory than a few of them.
    """
    from sqlalchemy import JSON, case, null, select, type_coerce

    planned, attempts = tables().trials, tables().attempts
    last = planned.c.state.in_(("done", "void")) & (attempts.c.number == planned.c.attempts)
    query = (
        select(
            *(planned.c[name] for name in TRIAL),
            *(attempts.c[name] for name in ATTEMPT),
            type_coerce(case((last, attempts.c.record), else_=null()), JSON),
        )
        .join_from(planned, attempts, attempts.c.trial == planned.c.id, isouter=True)
        .where(planned.c.generation == generation_id)
        .order_by(planned.c.position, planned.c.id, attempts.c.number)
        .execution_options(yield_per=ROWS_AT_A_TIME)
    )
    trial: dict[str, Any] = {}
    for row in connection.execute(query):
        if row[0] != trial.get("id"):
            if trial:
                yield trial
            trial = dict(zip(TRIAL, row, strict=False)) | {"host": None, "attempts": [], "record": None}
        if row[len(TRIAL)] is not None:
            attempt = dict(zip(ATTEMPT, row[len(TRIAL) :], strict=False))
            trial["attempts"].append(attempt)
            trial["host"], trial["record"] = attempt["host"], row[-1]
    if trial:
        yield trial


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
