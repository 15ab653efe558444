# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generations: begin, plan into, complete."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..sweep.blocks import Trial, Wanted, in_passes, laid_out
from ..sweep.digest import canonical
from ..sweep.plan import Cell, Plan
from . import counts
from .changes import differences, risk_changes, sweep_changes
from .database import Database, utc_now
from .errors import StackChanged, StoreError, SweepChanged
from .rows import Generation, Planned
from .tables import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

HELD = ("id", "host_class", "canary", "canary_digest", "budgets", "purpose", "stage", "block", "position")


def sweeps(connection: Connection) -> list[str]:
    """The names of all sweeps that have a generation."""
    from sqlalchemy import select

    names = tables().generations.c.sweep
    return list(connection.scalars(select(names).distinct().order_by(names)))


def history(connection: Connection, sweep: str) -> list[Generation]:
    """Every generation of a sweep, the first one first."""
    generations = tables().generations
    query = generations.select().where(generations.c.sweep == sweep).order_by(generations.c.number)
    return [_generation(row) for row in connection.execute(query).mappings()]


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
        standing = row(connection, generation.id) if generation.id is not None else None
        digests = _digests(plan)
        # The usual case when a sweep is gone on with: nothing that was planned needs to be read.
        known_whole = standing is not None and digests.items() <= (standing["plans"] or {}).items()
        held = {} if known_whole else _held_trials(connection, generation.id)
        missing = [] if known_whole else _missing(plan, held)
        known = len(plan.trials) if known_whole else sum(trial.id in held for trial in plan.trials)
        if generation.state != "open":
            return Planned(added=0, known=known, left_out=sum(trial.purpose == "measure" for trial in missing))
        if standing is not None:
            _check_stacks(standing, plan)
            changes = [] if known_whole else sweep_changes(standing, held, plan, definition)
            if changes := changes or risk_changes(standing, definition):
                raise SweepChanged(standing["sweep"], standing["number"], changes)
        if not database.read_only and generation.id is not None:
            if not known_whole:
                _insert_cells(connection, generation.id, plan.cells)
                insert_trials(connection, generation.id, missing)
            _merge(connection, generation, plan, digests, definition, hosts)
        return Planned(added=len(missing), known=known, left_out=0)


def complete(database: Database, generation_id: int) -> bool:
    """Whether every cell is closed and nothing runs; an open generation of which that is true becomes complete."""
    generations, cells = tables().generations, tables().cells
    with database.writing() as connection:
        state = row(connection, generation_id)["state"]
        if state != "open":
            return bool(state == "complete")
        of_generation = cells.select().where(cells.c.generation == generation_id).limit(1)
        undecided = connection.execute(of_generation.where(cells.c.state == "open")).first()
        if (
            undecided
            or counts.progress(connection, generation_id)["left"]
            or connection.execute(of_generation).first() is None
        ):
            return False
        done = generations.update().where(generations.c.id == generation_id)
        connection.execute(done.values(state="complete", completed_at=utc_now()))
        return True


def row(connection: Connection, generation_id: int | None) -> dict[str, Any]:
    """One generation as it stands in the table."""
    generations = tables().generations
    found = connection.execute(generations.select().where(generations.c.id == generation_id)).mappings().first()
    if found is None:
        raise StoreError(f"The store has no generation {generation_id}.", "plan the sweep first.")
    return dict(found)


def _generation(row: Mapping[Any, Any]) -> Generation:
    return Generation(**{name: row[name] for name in Generation.__dataclass_fields__})


def _held_trials(connection: Connection, generation_id: int | None) -> dict[str, Mapping[str, Any]]:
    """What `sweep_changes` compares, and where new trials go."""
    from sqlalchemy import select

    trials = tables().trials
    query = select(*(trials.c[name] for name in HELD)).where(trials.c.generation == generation_id)
    rows = connection.execute(query).mappings()
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


def _missing(plan: Plan, held: Mapping[str, Mapping[str, Any]]) -> list[Trial]:
    """What of the plan is not there. Where its host class has blocks already, what is to be measured gets new ones.

    Blocks that were planned are being run, or are over: their anchors would say nothing of a trial that joins later.
    """
    begun: dict[str, tuple[int, int]] = {}
    for row in held.values():
        block, position = begun.get(row["host_class"], (-1, -1))
        begun[row["host_class"]] = max(block, row["block"]), max(position, row["position"])
    cells = {cell.id: cell for cell in plan.cells}
    missing: list[Trial] = []
    late: dict[tuple[str, str], list[Wanted]] = {}
    for trial in plan.trials:
        if trial.host_class not in begun:
            missing.append(trial)
        elif trial.id not in held and trial.purpose == "measure":
            of_scene = late.setdefault((trial.host_class, trial.model), [])
            of_scene.append(Wanted(cells[trial.cell], trial.canary, trial.replicate))
    for (host_class, model), wanted in late.items():
        scene, (block, position) = plan.scenes[host_class, model], begun[host_class]
        added = laid_out(scene, in_passes(scene, wanted), "screen", block + 1, position + 1)
        begun[host_class] = added[-1].block, added[-1].position
        missing += added
    return missing


def _insert_cells(connection: Connection, generation_id: int, planned: Iterable[Cell]) -> None:
    cells = tables().cells
    known = set(connection.execute(cells.select().where(cells.c.generation == generation_id)).scalars())
    new_cells = [vars(cell) | {"generation": generation_id} for cell in planned if cell.id not in known]
    if new_cells:
        connection.execute(cells.insert(), new_cells)


def insert_trials(
    connection: Connection, generation_id: int, added: Sequence[Trial], numbers: Mapping[str, Any] | None = None
) -> None:
    """Add trials and their blocks, which have these numbers from the start. Completed cells they lie in open again."""
    blocks, cells = tables().blocks, tables().cells
    if not added:
        return
    counts.add_trials(connection, generation_id, [vars(trial) for trial in added])
    first = {(trial.host_class, trial.block): trial for trial in reversed(added)}
    connection.execute(blocks.insert(), [
        {"generation": generation_id, "host_class": host_class, "number": number, "model": trial.model,
         "load_digest": trial.load_digest, "state": "planned", "numbers": dict(numbers) if numbers else None}
        for (host_class, number), trial in sorted(first.items())
    ])  # fmt: skip
    reopened = cells.c.id.in_({trial.cell for trial in added}), cells.c.state == "complete"
    connection.execute(cells.update().where(*reopened).values(state="open", numbers=None))


def next_places(connection: Connection, generation_id: int, host_class: str) -> tuple[int, int]:
    """The number of the next block of a host class, and the position of its first trial."""
    from sqlalchemy import func, select

    trials = tables().trials
    highest = select(func.max(trials.c.block), func.max(trials.c.position))
    query = highest.where(trials.c.generation == generation_id, trials.c.host_class == host_class)
    block, position = connection.execute(query).one()
    return block + 1, position + 1


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
    known = row(connection, generation.id)
    by_name = {host["name"]: dict(host) for host in [*known["hosts"], *hosts]}
    connection.execute(
        generations.update()
        .where(generations.c.id == generation.id)
        .values(
            definition=dict(definition),
            models=known["models"] | plan.models,
            stack=known["stack"] | plan.stacks,
            plans={**(known["plans"] or {}), **digests},
            hosts=[by_name[name] for name in sorted(by_name)],
        )
    )
