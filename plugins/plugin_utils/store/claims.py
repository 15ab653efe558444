# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exactly once: claim a trial, record what came of the attempt, close cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..agent.budgets import trial_seconds
from ..outcome import Verdict
from . import blocks, counts, limits, pauses, taken
from .database import Database, utc_now
from .errors import ClaimLost, SessionOver, StoreError
from .rows import Claim
from .sessions import expire_leases
from .tables import CELL_STATES, tables

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

RUN_AGAIN = 2
# A trial may take its time budget, and what it takes to lay out, grade and clean up.
LEASE_MARGIN_SECONDS = 300


def claim(database: Database, generation_id: int, host: str, host_class: str, block: int, worker: str) -> Claim | None:
    """The next trial of the block, now this worker's alone; None when none is to be run, or another host runs it.

    Once the sweep has taken what it may, its open cells are `budget_spent`, and there is none either.
    """
    attempts, sessions = tables().attempts, tables().sessions
    with database.writing() as connection:
        alive = sessions.select().where(sessions.c.id == worker, sessions.c.ended_at.is_(None))
        if connection.execute(alive).first() is None:
            raise SessionOver("This run of the sweep is over: a later one took its place.", "leave it to that one.")
        expire_leases(connection)
        holder = {"host": host, "worker": worker, "until": utc_now(LEASE_MARGIN_SECONDS)}
        held = blocks.take(connection, generation_id, host_class, block, holder)
        row = held and blocks.next_trial(connection, generation_id, host_class, held)
        if not row or _spent(connection, generation_id, host, host_class):
            return None
        number = row["attempts"] + 1
        if not counts.move(connection, row, "planned", "running", attempts=number):
            raise StoreError(f"Trial {row['id']} was claimed twice at once.", "run the same command again.")
        started_at, lease_until = utc_now(), utc_now(trial_seconds(row["budgets"]) + LEASE_MARGIN_SECONDS)
        blocks.take(connection, generation_id, host_class, block, holder | {"until": lease_until})
        connection.execute(
            attempts.insert().values(
                trial=row["id"],
                number=number,
                generation=generation_id,
                worker=worker,
                host=host,
                state="running",
                lease_until=lease_until,
                started_at=started_at,
            )
        )
        trial = dict(row) | {"state": "running", "attempts": number}
        return Claim(trial, number, generation_id, host, worker, started_at, lease_until)


def take_block(
    database: Database, generation_id: int, host: str, host_class: str, block: int, worker: str, seconds: float
) -> bool:
    """Whether this host now holds the block, for so long; a claim in it holds it longer."""
    with database.writing() as connection:
        holder = {"host": host, "worker": worker, "until": utc_now(seconds)}
        held = blocks.take(connection, generation_id, host_class, block, holder)
        return held is not None and blocks.next_trial(connection, generation_id, host_class, held) is not None


def record(database: Database, claimed: Claim, result: Mapping[str, Any]) -> str:
    """Write what came of an attempt; returns the trial's state: done, planned (void: it runs again) or void.

    A hand-over pauses its item; a factor that did not take effect closes the cell. A void attempt runs again at most
    twice, then the cell is `unstable`: nothing of this where the trial only warmed up or framed its block. One ended
    by the guard never runs again: the load config is `infeasible`. A look at all of them completes a cell, no record.
    ClaimLost when the attempt was given up meanwhile: nothing is written then.
    """
    verdict = Verdict(result["outcome"], result["ceiling"], result["detail"])
    void = verdict.outcome == "void"
    attempts = tables().attempts
    trial_id = claimed.trial["id"]
    with database.writing() as connection:
        ours = (
            attempts.c.trial == trial_id,
            attempts.c.number == claimed.attempt,
            attempts.c.worker == claimed.worker,
            attempts.c.state == "running",
        )
        written = connection.execute(
            attempts.update()
            .where(*ours)
            .values(
                state="void" if void else "done",
                why=verdict.detail if void else None,
                outcome=verdict.outcome,
                ceiling=verdict.ceiling,
                detail=verdict.detail,
                ended_at=utc_now(),
                record=dict(result),
            )
        )
        if written.rowcount != 1:
            raise ClaimLost(
                f"Attempt {claimed.attempt} at trial {trial_id} was given up before it was recorded.",
                "nothing: the trial runs again.",
            )
        state = _state_after_void(connection, claimed, result) if void else "done"
        counts.move(connection, claimed.trial, "running", state)
        taken.add(connection, claimed, result)
        if claimed.trial["purpose"] != "measure":
            return state
        if result.get("handed"):
            pauses.add(connection, claimed, result["handed"])
        if result.get("not_applied"):
            reason = {"reason": result["not_applied"], "trial": trial_id}
            close_cells(connection, tables().cells.c.id == claimed.trial["cell"], "factor_not_applied", reason)
    return state


def close_cells(
    connection: Connection, which: ColumnElement[bool], state: str, numbers: Mapping[str, Any] | None
) -> int:
    """Close open cells; a cell that is closed stays as it is. Returns how many were closed."""
    if state not in CELL_STATES[1:]:
        raise ValueError(f"not a state a cell ends in: {state}")
    cells = tables().cells
    closed = cells.update().where(cells.c.state == "open", which)
    return int(connection.execute(closed.values(state=state, numbers=dict(numbers) if numbers else None)).rowcount)


def block_cells(generation_id: int, host_class: str, load_digest: str) -> ColumnElement[bool]:
    """The cells of one model under one load config on one class of hosts."""
    from sqlalchemy import and_

    cells = tables().cells
    return and_(
        cells.c.generation == generation_id, cells.c.host_class == host_class, cells.c.load_digest == load_digest
    )


def _state_after_void(connection: Connection, claimed: Claim, result: Mapping[str, Any]) -> str:
    trial = claimed.trial
    if result["detail"] == "oom_guard":
        numbers = {"reason": result.get("error"), "lowest_available_bytes": result.get("lowest_available_bytes")}
        block = block_cells(claimed.generation_id, trial["host_class"], trial["load_digest"])
        close_cells(connection, block, "infeasible", {"why": "oom_guard", "host": claimed.host, **numbers})
        return "void"
    attempts, cells = tables().attempts, tables().cells
    # An outage says nothing about the cell, and ends the run on its host: it cannot go on for ever.
    query = attempts.select().where(
        attempts.c.trial == trial["id"], attempts.c.state == "void", attempts.c.why != "host_lost"
    )
    whys = [row["why"] for row in connection.execute(query.order_by(attempts.c.number)).mappings()]
    if len(whys) <= RUN_AGAIN:
        return "planned"
    if trial["purpose"] == "measure":
        close_cells(connection, cells.c.id == trial["cell"], "unstable", {"trial": trial["id"], "voids": whys})
    return "void"


def _spent(connection: Connection, generation_id: int, host: str, host_class: str) -> bool:
    """Whether a limit of the sweep is reached; what is still open is then closed with the numbers.

    The hours are each host's own: the others of its class have had as much.
    """
    generations, cells = tables().generations, tables().cells
    row = connection.execute(generations.select().where(generations.c.id == generation_id)).mappings().one()
    numbers = limits.reached(connection, dict(row), host)
    if numbers is None:
        return False
    which = cells.c.generation == generation_id
    if numbers["limit"] == "hours":
        which, numbers["host"] = which & (cells.c.host_class == host_class), host
    reason = f"{numbers['taken']:g} of {numbers['allowed']:g} {numbers['limit'].replace('_', ' ')} were taken"
    close_cells(connection, which, "budget_spent", {"reason": reason, **numbers})
    return True
