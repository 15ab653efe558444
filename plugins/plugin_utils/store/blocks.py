# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks: which have something to run, which host has taken one, and whether the host's speed drifted under one.

One host runs a block, so that its anchors mean something. While it does, the block's `numbers` say who and until when;
one whose host is dead, or whose time is over, goes to another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..sweep.blocks import CLOSING, OPENING
from ..sweep.drift import judged
from . import counts
from .database import Database, utc_now
from .rows import Block
from .sessions import expire_leases
from .tables import tables

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

FRAMING = ("warm_up", "anchor")
KEPT = ("rerun_of",)  # of a block's numbers: what it was planned with


def next_trial(
    connection: Connection, generation_id: int, host_class: str, block: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The trial of a block to run now: what frames it is run only around something that is measured."""
    cells, trials = tables().cells, tables().trials
    of_block = _of_block(generation_id, host_class, block)
    of_open_cell = trials.select().join_from(trials, cells, trials.c.cell == cells.c.id)
    measuring = of_open_cell.where(*of_block, trials.c.purpose == "measure", cells.c.state == "open")
    by_position = measuring.where(trials.c.state == "planned").order_by(trials.c.position, trials.c.id).limit(1)
    measure = connection.execute(by_position).mappings().first()
    framing = trials.select().where(*of_block, trials.c.purpose.in_(FRAMING), trials.c.state == "planned")
    for frame in sorted(connection.execute(framing).mappings(), key=lambda row: int(row["position"])):
        if frame["replicate"] != CLOSING and measure is not None:
            return dict(frame)
        if frame["replicate"] == CLOSING and measure is None:
            done = connection.execute(measuring.where(trials.c.state == "done").limit(1)).first()
            return dict(frame) if done is not None else None
    return dict(measure) if measure is not None else None


def waiting(connection: Connection, generation_id: int, host_class: str) -> list[Block]:
    """The blocks of a host class that have something to run, in their order."""
    blocks = tables().blocks
    planned = counts.waiting(connection, generation_id, host_class)
    here = blocks.select().where(blocks.c.generation == generation_id, blocks.c.host_class == host_class)
    left = []
    for block in map(dict, connection.execute(here.order_by(blocks.c.number)).mappings().all()):
        rows = planned.get(block["number"])
        trial = next_trial(connection, generation_id, host_class, block) if rows else None
        if not rows or trial is None:
            continue
        left.append(
            Block(
                number=block["number"],
                model=block["model"],
                load_digest=block["load_digest"],
                load=trial["load"],
                trials_left=sum(row["planned"] for row in rows),
                trial_seconds=max(row["trial_seconds"] for row in rows),
                held_by=_held_by(connection, block),
            )
        )
    return left


def take(
    connection: Connection, generation_id: int, host_class: str, number: int, holder: Mapping[str, str]
) -> Mapping[str, Any] | None:
    """Hold the block until `holder["until"]` (host, worker, until); None where another host holds it."""
    blocks = tables().blocks
    this = blocks.c.generation == generation_id, blocks.c.host_class == host_class, blocks.c.number == number
    row = connection.execute(blocks.select().where(*this, blocks.c.state == "planned")).mappings().first()
    block = dict(row) if row is not None else None
    if block is None or _held_by(connection, block) not in (None, holder["host"]):
        return None
    connection.execute(blocks.update().where(*this).values(numbers=_kept(block) | dict(holder)))
    return block


def leave(database: Database, generation_id: int, host_class: str, number: int, host: str) -> None:
    """Hold the block no longer: what is left of it may go to another host."""
    blocks = tables().blocks
    with database.writing() as connection:
        this = blocks.c.generation == generation_id, blocks.c.host_class == host_class, blocks.c.number == number
        row = connection.execute(blocks.select().where(*this, blocks.c.state == "planned")).mappings().first()
        if row is not None and (row["numbers"] or {}).get("host") == host:
            connection.execute(blocks.update().where(*this).values(numbers=_kept(dict(row)) or None))


def settle(database: Database, generation_id: int, host_class: str) -> list[dict[str, Any]]:
    """Judge the blocks that were run to their end: complete, or drifted and to be run once more.

    A block that was itself run once more stays complete: a host that always drifts has no better trials to give.
    """
    blocks = tables().blocks
    settled = []
    with database.writing() as connection:
        expire_leases(connection)
        standing = counts.of_class(connection, generation_id, host_class)
        here = (blocks.c.generation == generation_id, blocks.c.host_class == host_class)
        planned = blocks.select().where(*here, blocks.c.state == "planned")
        for block in map(dict, connection.execute(planned).mappings().all()):
            if next_trial(connection, generation_id, host_class, block) is not None:
                continue
            of_block = _of_block(generation_id, host_class, block)
            here_are = [row for row in standing if row["block"] == block["number"]]
            measured = any(row["done"] for row in here_are if row["purpose"] == "measure")
            if not measured or any(row["running"] for row in here_are):
                continue
            drifted, numbers = judged(*(_anchor(connection, of_block, which) for which in (OPENING, CLOSING)))
            again = "rerun_of" in (block["numbers"] or {})
            state = "drifted" if drifted and not again else "complete"
            row = {"state": state, "numbers": _kept(block) | {"host": _host(connection, of_block)} | numbers}
            connection.execute(blocks.update().where(*here, blocks.c.number == block["number"]).values(**row))
            settled.append(dict(block) | row)
    return settled


def _of_block(generation_id: int, host_class: str, block: Mapping[str, Any]) -> tuple[ColumnElement[bool], ...]:
    trials = tables().trials
    return (
        trials.c.generation == generation_id,
        trials.c.host_class == host_class,
        trials.c.load_digest == block["load_digest"],
        trials.c.block == block["number"],
    )


def _kept(block: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (block["numbers"] or {}).items() if name in KEPT}


def _held_by(connection: Connection, block: Mapping[str, Any]) -> str | None:
    holder, sessions = block["numbers"] or {}, tables().sessions
    if block["state"] != "planned" or holder.get("until", "") < utc_now():
        return None
    alive = sessions.select().where(sessions.c.id == holder["worker"], sessions.c.ended_at.is_(None))
    return str(holder["host"]) if connection.execute(alive).first() is not None else None


def _anchor(connection: Connection, of_block: tuple[ColumnElement[bool], ...], which: int) -> dict[str, Any]:
    attempts, trials = tables().attempts, tables().trials
    query = (
        attempts.select()
        .join_from(attempts, trials, attempts.c.trial == trials.c.id)
        .where(*of_block, trials.c.purpose == "anchor", trials.c.replicate == which, attempts.c.state == "done")
    )
    row = connection.execute(query).mappings().first()
    return dict(row["record"]) if row is not None else {}


def _host(connection: Connection, of_block: tuple[ColumnElement[bool], ...]) -> str:
    attempts, trials = tables().attempts, tables().trials
    query = attempts.select().join_from(attempts, trials, attempts.c.trial == trials.c.id).where(*of_block)
    return str(connection.execute(query.order_by(attempts.c.started_at.desc()).limit(1)).mappings().one()["host"])
