# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds: what a look between them reads, and what it decides, written once whoever looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..sweep.blocks import Trial
from ..sweep.plan import Cell
from . import counts
from .claims import close_cells
from .database import Database, utc_now
from .generations import insert_trials, next_places
from .tables import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Lays trials out from this block and position on: only the store knows what others planned meanwhile.
Layout = Callable[[int, int], Sequence[Trial]]

CELL = ("id", "model", "host_class", "factor", "level", "load", "chat", "load_digest", "position", "state", "numbers")
TRIAL = ("id", "cell", "model", "canary", "replicate", "block", "purpose", "stage", "state")
TOLD = ("outcome", "ceiling", "generations_sha256")


@dataclass(frozen=True)
class Round:
    """What one look at one model on one host class decides: cells that are closed (id → state, numbers), cells and
    trials that are added."""

    model: str
    number: int
    decisions: Sequence[Mapping[str, Any]]
    closed: Mapping[str, tuple[str, Mapping[str, Any] | None]]
    cells: Sequence[Cell] = ()
    layout: Layout | None = field(default=None, compare=False)


def is_running(connection: Connection, generation_id: int, host_class: str) -> bool:
    """Whether a trial of the host class is being run."""
    return any(row["running"] for row in counts.of_class(connection, generation_id, host_class))


def standing(connection: Connection, generation_id: int, host_class: str) -> dict[str, Any]:
    """Cells, trials, blocks and rounds of a host class, in the summary's shape; of a record only what decides."""
    from sqlalchemy import and_, select

    every = tables()
    trials, attempts = every.trials, every.attempts
    of_trial = and_(attempts.c.trial == trials.c.id, attempts.c.number == trials.c.attempts)
    told = [attempts.c.record[name].as_string().label(name) for name in TOLD]
    query = (
        select(*(trials.c[name] for name in TRIAL), *told)
        .join_from(trials, attempts, of_trial, isouter=True)
        .where(trials.c.generation == generation_id, trials.c.host_class == host_class)
        .order_by(trials.c.position, trials.c.id)
    )
    found = []
    for row in connection.execute(query).mappings():
        over = row["state"] in ("done", "void") and row["outcome"] is not None
        record = {name: row[name] for name in TOLD} if over else None
        found.append({name: row[name] for name in TRIAL} | {"record": record})
    levels = and_(every.cells.c.generation == generation_id, every.cells.c.factor.is_not(None))
    pairs = select(every.cells.c.model, every.cells.c.host_class).where(levels)
    return {
        "shared_by": max(1, len(connection.execute(pairs.distinct()).all())),
        "generation": dict(
            connection.execute(every.generations.select().where(every.generations.c.id == generation_id))
            .mappings()
            .one()
        ),
        "cells": [
            {name: row[name] for name in CELL}
            for row in _of_class(connection, every.cells, generation_id, host_class, every.cells.c.position)
        ],
        "trials": found,
        "blocks": _of_class(connection, every.blocks, generation_id, host_class, every.blocks.c.number),
        "rounds": _of_class(connection, every.rounds, generation_id, host_class, every.rounds.c.number),
    }


def add_round(database: Database, generation_id: int, host_class: str, decided: Round) -> bool:
    """Write a look down and do what it decided; False, and nothing done, where somebody else already did."""
    rounds, cells = tables().rounds, tables().cells
    key = {"generation": generation_id, "host_class": host_class, "model": decided.model, "number": decided.number}
    with database.writing() as connection:
        if connection.execute(rounds.select().filter_by(**key)).first() is not None:
            return False
        decisions = [dict(one) for one in decided.decisions]
        connection.execute(rounds.insert().values(**key, decisions=decisions, at=utc_now()))
        for cell_id, (state, numbers) in decided.closed.items():
            close_cells(connection, cells.c.id == cell_id, state, numbers)
        if decided.cells:
            connection.execute(cells.insert(), [vars(cell) | {"generation": generation_id} for cell in decided.cells])
        if decided.layout:
            insert_trials(
                connection, generation_id, decided.layout(*next_places(connection, generation_id, host_class))
            )
        return True


def add_rerun(database: Database, generation_id: int, host_class: str, number: int, layout: Layout) -> bool:
    """Plan a drifted block once more; False, and nothing done, where it is planned already."""
    blocks = tables().blocks
    with database.writing() as connection:
        if any((row["numbers"] or {}).get("rerun_of") == number
               for row in _of_class(connection, blocks, generation_id, host_class, blocks.c.number)):  # fmt: skip
            return False
        added = layout(*next_places(connection, generation_id, host_class))
        insert_trials(connection, generation_id, added, {"rerun_of": number})
        return True


def _of_class(connection: Connection, table: Any, generation_id: int, host_class: str, order: Any) -> list[Any]:
    query = table.select().where(table.c.generation == generation_id, table.c.host_class == host_class)
    return [dict(row) for row in connection.execute(query.order_by(order)).mappings()]
