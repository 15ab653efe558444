# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs a sweep now, and what dead runs left half done."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING

from ...module_utils import processes
from . import counts
from .database import Database, utc_now
from .errors import SweepRunning
from .rows import Session
from .tables import tables

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection


def begin(database: Database, sweep: str, controller: str, pid: int, started: str) -> Session:
    """Enter, giving up what dead runs of this controller were doing; refuse while one of them is alive.

    Runs on other controllers cannot be looked at from here: their leases run out by themselves.
    """
    sessions = tables().sessions
    session = Session(uuid.uuid4().hex, sweep, controller, pid, started, utc_now(), 0)
    with database.writing() as connection:
        open_here = sessions.select().where(sessions.c.controller == controller, sessions.c.ended_at.is_(None))
        dead = []
        for row in connection.execute(open_here).mappings().all():
            ours = row["sweep"] == sweep
            again = ours and (row["pid"], row["started"]) == (pid, started)  # this very process, once more
            if again or not processes.is_alive(row["pid"], row["started"]):
                dead.append(row["id"])
            elif ours:
                raise SweepRunning(sweep, controller, row["pid"], row["began_at"])
        _end(connection, dead)
        abandoned = abandon_attempts(connection, tables().attempts.c.worker.in_(dead))
        abandoned += expire_leases(connection)
        columns = {key: value for key, value in vars(session).items() if key != "abandoned"}
        connection.execute(sessions.insert().values(**columns))
    return Session(**(vars(session) | {"abandoned": abandoned}))


def end(database: Database, session_id: str) -> None:
    """Leave. Attempts still open are given up."""
    with database.writing() as connection:
        _end(connection, [session_id])
        abandon_attempts(connection, tables().attempts.c.worker == session_id)


def abandon(database: Database, workers: Collection[str]) -> int:
    """Give up what these workers have claimed and not recorded; returns how many attempts that were."""
    with database.writing() as connection:
        return abandon_attempts(connection, tables().attempts.c.worker.in_(list(workers)))


def expire_leases(connection: Connection) -> int:
    """Give up attempts whose lease ran out: their controller is lost."""
    return abandon_attempts(connection, tables().attempts.c.lease_until < utc_now())


def abandon_attempts(connection: Connection, which: ColumnElement[bool]) -> int:
    """Running attempts become abandoned and their trials wait again; an attempt never comes back."""
    from sqlalchemy import select

    attempts, trials = tables().attempts, tables().trials
    running = (
        select(trials.c.id, trials.c.cell, trials.c.block, trials.c.purpose, attempts.c.number)
        .join_from(attempts, trials, attempts.c.trial == trials.c.id)
        .where(attempts.c.state == "running", which)
    )
    rows = connection.execute(running).mappings().all()
    for row in rows:
        this = (attempts.c.trial == row["id"], attempts.c.number == row["number"])
        connection.execute(attempts.update().where(*this).values(state="abandoned", ended_at=utc_now()))
        counts.move(connection, row, "running", "planned")
    return len(rows)


def _end(connection: Connection, session_ids: Collection[str]) -> None:
    sessions = tables().sessions
    connection.execute(
        sessions.update().where(sessions.c.id.in_(list(session_ids)), sessions.c.ended_at.is_(None))
        .values(ended_at=utc_now())
    )  # fmt: skip
