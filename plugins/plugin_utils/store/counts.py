# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many trials are where, kept in the transaction that moves them: how far a sweep is costs the same at any size.

A trial is added and changes its state here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..agent.budgets import trial_seconds
from .tables import TRIAL_STATES, tables

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    Key = tuple[str, int, str]


def add_trials(connection: Connection, generation_id: int | None, rows: Sequence[dict[str, Any]]) -> None:
    """Rows of the table `trials` without `generation`, `state` and `attempts`: they wait."""
    if not rows:
        return
    trials, counts = tables().trials, tables().counts
    same = {"generation": generation_id, "state": "planned", "attempts": 0}
    connection.execute(trials.insert(), [row | same for row in rows])
    added: dict[Key, list[dict[str, Any]]] = {}
    for row in rows:
        added.setdefault(_key(row), []).append(row)
    every = connection.execute(counts.select().where(counts.c.generation == generation_id)).mappings()
    held = {_key(row): row["trial_seconds"] for row in every}
    for key, alike in added.items():
        seconds = longest(row["budgets"] for row in alike)
        if key in held:
            more = {"planned": counts.c.planned + len(alike), "trial_seconds": max(seconds, held[key])}
            connection.execute(counts.update().where(_counted_by(key)).values(more))
        else:
            new = dict(zip(("cell", "block", "purpose"), key, strict=True))
            new |= {"generation": generation_id, "planned": len(alike), "trial_seconds": seconds}
            connection.execute(counts.insert().values(new))


def move(connection: Connection, trial: Mapping[Any, Any], before: str, after: str, **values: Any) -> bool:
    """Another state, and other `values`, for a trial (id, cell, block, purpose); False when it is not in `before`."""
    trials, counts = tables().trials, tables().counts
    held = trials.update().where(trials.c.id == trial["id"], trials.c.state == before)
    if connection.execute(held.values(state=after, **values)).rowcount != 1:
        return False
    connection.execute(
        counts.update()
        .where(_counted_by(_key(trial)))
        .values({before: counts.c[before] - 1, after: counts.c[after] + 1})
    )
    return True


def longest(budgets: Iterable[Mapping[str, Any]]) -> float:
    """Seconds that any trial under these budgets may take."""
    return max({tuple(one.items()): trial_seconds(one) for one in budgets}.values())


def progress(connection: Connection, generation_id: int) -> dict[str, int]:
    """Trials in all, running, left to run (running ones included), and done: those that need nothing more.

    Of the done ones, `void` were given up, and `closed` never ran because their cell was closed before.
    """
    standing = {"open": dict.fromkeys(TRIAL_STATES, 0), "closed": dict.fromkeys(TRIAL_STATES, 0)}
    for row in _with_cells(connection, tables().counts.c.generation == generation_id):
        cell = standing["open" if row["cell_state"] == "open" else "closed"]
        for state in TRIAL_STATES:
            cell[state] += row[state]
    count = {state: standing["open"][state] + standing["closed"][state] for state in TRIAL_STATES}
    total, left = sum(count.values()), count["running"] + standing["open"]["planned"]
    return {
        "total": total,
        "left": left,
        "running": count["running"],
        "done": total - left,
        "void": count["void"],
        "closed": standing["closed"]["planned"],
    }


def begun(connection: Connection, generation_id: int) -> int:
    """Trials that run, or have run."""
    standing = progress(connection, generation_id)
    return standing["running"] + standing["done"] - standing["closed"]


def waiting(connection: Connection, generation_id: int, host_class: str) -> dict[int, list[Mapping[Any, Any]]]:
    """Per block of a host class, the counts (with `planned`, `trial_seconds`) of what waits there, frames included."""
    found: dict[int, list[Mapping[Any, Any]]] = {}
    for row in of_class(connection, generation_id, host_class):
        if row["planned"] and (row["cell_state"] == "open" or row["purpose"] != "measure"):
            found.setdefault(row["block"], []).append(row)
    return found


def of_class(connection: Connection, generation_id: int, host_class: str) -> Sequence[Mapping[Any, Any]]:
    """The counts of a host class by cell, block and purpose."""
    cells, counts = tables().cells, tables().counts
    return _with_cells(connection, counts.c.generation == generation_id, cells.c.host_class == host_class)


def _key(row: Mapping[Any, Any]) -> Key:
    return row["cell"], row["block"], row["purpose"]


def _counted_by(key: Key) -> ColumnElement[bool]:
    from sqlalchemy import and_

    counts = tables().counts
    cell, block, purpose = key
    return and_(counts.c.cell == cell, counts.c.block == block, counts.c.purpose == purpose)


def _with_cells(connection: Connection, *which: ColumnElement[bool]) -> Sequence[Mapping[Any, Any]]:
    """Counts, each beside what its cell is, in the order to run them."""
    from sqlalchemy import select

    cells, counts = tables().cells, tables().counts
    query = (
        select(counts, cells.c.state.label("cell_state"))
        .join_from(counts, cells, counts.c.cell == cells.c.id)
        .where(*which)
        .order_by(counts.c.block, cells.c.position)
    )
    return connection.execute(query).mappings().all()
