# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generations: begin, plan into, complete."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..sweep.blocks import Trial
from ..sweep.digest import canonical
from ..sweep.plan import Plan
from . import counts
from .changes import differences, sweep_changes
from .database import Database, utc_now
from .errors import StackChanged, StoreError, SweepChanged
from .rows import Generation, Planned
from .tables import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection


def history(connection: Connection, sweep: str) -> list[Generation]:
    """Every generation of a sweep, the first one first."""
    generations = tables().generations
    query = generations.select().where(generations.c.sweep == sweep).order_by(generations.c.number)
    return [_generation(row) for row in connection.execute(query).mappings()]


def sweeps(connection: Connection) -> list[str]:
    """The names of all sweeps, in the order of the alphabet."""
    from sqlalchemy import select

    name = tables().generations.c.sweep
    return sorted(connection.execute(select(name).distinct()).scalars())


def begin(database: Database, sweep: str, new: bool) -> Generation:
    """The last generation, open or complete; with `new`, or where there is none, the next one.

    A read-only store tells which one it would be, and begins none.
    """
    generations = tables().generations
    with database.reading() if database.read_only else database.writing() as connection:
        past = history(connection, sweep)
        if past and not new:
            return past[-1]
        number = past[-1].number + 1 if past else 1
        fresh = Generation(None, sweep, number, "open", {}, utc_now(), None)
        if database.read_only:
            return fresh
        still_open = (generations.c.sweep == sweep, generations.c.state == "open")
        connection.execute(generations.update().where(*still_open).values(state="abandoned"))
        row = vars(fresh) | {"models": {}, "hosts": []}
        del row["id"]
        connection.execute(generations.insert().values(**row))
        return history(connection, sweep)[-1]


def add_plan(
    database: Database,
    generation: Generation,
    plan: Plan,
    definition: Mapping[str, Any],
    hosts: Sequence[Mapping[str, str]],
) -> Planned:
    """Put a plan into a generation: what is there stays as it is, what is missing is added, once.

    Raises StackChanged or SweepChanged where the open generation was planned for something else. A complete generation
    takes nothing more. A read-only store only tells what would happen.
    """
    with database.reading() if database.read_only else database.writing() as connection:
        row = _row(connection, generation.id) if generation.id is not None else None
        digests = _digests(plan)
        # The usual case when a sweep is gone on with: nothing that was planned needs to be read.
        known_whole = row is not None and digests.items() <= (row["plans"] or {}).items()
        held = {} if known_whole else _held_trials(connection, generation.id)
        missing = [] if known_whole else [trial for trial in plan.trials if trial.id not in held]
        known = len(plan.trials) - len(missing)
        if generation.state != "open":
            return Planned(added=0, known=known, left_out=len(missing))
        if row is not None:
            _check_stacks(row, plan)
            if not known_whole and (changes := sweep_changes(row, held, plan, definition)):
                raise SweepChanged(row["sweep"], row["number"], changes)
        if not database.read_only:
            if not known_whole:
                _insert(connection, generation, plan, missing)
            _merge(connection, generation, plan, digests, definition, hosts)
        return Planned(added=len(missing), known=known, left_out=0)


def complete(database: Database, generation_id: int) -> bool:
    """Whether nothing is left to run; an open generation of which that is true becomes complete."""
    generations = tables().generations
    with database.writing() as connection:
        row = _row(connection, generation_id)
        if row["state"] != "open":
            return bool(row["state"] == "complete")
        standing = counts.progress(connection, generation_id)
        if standing["left"] or not standing["total"]:
            return False
        done = generations.update().where(generations.c.id == generation_id)
        connection.execute(done.values(state="complete", completed_at=utc_now()))
        return True


def _row(connection: Connection, generation_id: int | None) -> Mapping[str, Any]:
    generations = tables().generations
    row = connection.execute(generations.select().where(generations.c.id == generation_id)).mappings().first()
    if row is None:
        raise StoreError(f"The store has no generation {generation_id}.", "plan the sweep first.")
    return dict(row)


def _generation(row: Mapping[Any, Any]) -> Generation:
    return Generation(**{name: row[name] for name in Generation.__dataclass_fields__})


def _held_trials(connection: Connection, generation_id: int | None) -> dict[str, Mapping[str, Any]]:
    """What `sweep_changes` compares."""
    from sqlalchemy import select

    trials = tables().trials
    query = select(*(trials.c[name] for name in ("id", "host_class", "canary", "canary_digest", "budgets")))
    rows = connection.execute(query.where(trials.c.generation == generation_id)).mappings()
    return {row["id"]: dict(row) for row in rows}


def _digests(plan: Plan) -> dict[str, str]:
    """Per host class what identifies all that is planned for it: its cells, its trials and their budgets."""
    texts: dict[tuple[Any, ...], str] = {}
    hashes = {host_class: hashlib.sha256() for host_class in plan.stacks}
    for cell in plan.cells:
        hashes[cell.host_class].update(f"cell {cell.id}\n".encode())
    for trial in plan.trials:
        items = tuple(trial.budgets.items())
        if items not in texts:
            texts[items] = canonical(trial.budgets)
        hashes[trial.host_class].update(f"{trial.id} {texts[items]}\n".encode())
    return {host_class: made.hexdigest() for host_class, made in hashes.items()}


def _check_stacks(row: Mapping[str, Any], plan: Plan) -> None:
    for host_class, stack in plan.stacks.items():
        if host_class in row["stack"] and row["stack"][host_class] != stack:
            changes = differences(row["stack"][host_class], stack)
            raise StackChanged(row["sweep"], row["number"], host_class, changes)


def _insert(connection: Connection, generation: Generation, plan: Plan, missing: Sequence[Trial]) -> None:
    cells = tables().cells
    known = set(connection.execute(cells.select().where(cells.c.generation == generation.id)).scalars())
    new_cells = [vars(cell) | {"generation": generation.id} for cell in plan.cells if cell.id not in known]
    if new_cells:
        connection.execute(cells.insert(), new_cells)
    if missing:
        counts.add_trials(connection, generation.id, [vars(trial) for trial in missing])
        # A cell that was done is open again when replicates or canaries were added to it.
        reopened = cells.c.id.in_({trial.cell for trial in missing}), cells.c.state == "complete"
        connection.execute(cells.update().where(*reopened).values(state="open"))


def _merge(
    connection: Connection,
    generation: Generation,
    plan: Plan,
    digests: Mapping[str, str],
    definition: Mapping[str, Any],
    hosts: Sequence[Mapping[str, str]],
) -> None:
    """What is known of models, stacks and hosts grows with every host a sweep is run on."""
    generations = tables().generations
    row = _row(connection, generation.id)
    by_name = {host["name"]: dict(host) for host in [*row["hosts"], *hosts]}
    connection.execute(
        generations.update()
        .where(generations.c.id == generation.id)
        .values(
            definition=dict(definition),
            models=row["models"] | plan.models,
            stack=row["stack"] | plan.stacks,
            plans={**(row["plans"] or {}), **digests},
            hosts=[by_name[name] for name in sorted(by_name)],
        )
    )
