# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open or go on with a generation: what is planned, what is left, and who runs it."""

from __future__ import annotations

import datetime
import getpass
import socket
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ..sandbox import remove_tree
from ..store import Generation, Store
from ..sweep import Amount, Cell, Plan, expected, most, plan
from ..sweep.sufficiency import out_of_reach
from ..worker.progress import Progress
from ..worker.worker import scratch_folder
from .entering import Session, enter
from .inspect import Definition, load
from .stack import host_classes, host_rows, refusals, stacks

PAST_A_CEILING = "calls, tokens and money that go on past a ceiling come on top, the minutes have them"


@dataclass(frozen=True)
class Request:
    """What the plan is made from: files, the store, and the hosts that take part (dicts as in HOST_OPTIONS)."""

    sweep: str
    catalog: str
    canary_folders: list[str]
    lab_home: str
    store_url: str
    generation: str
    hosts: list[dict[str, Any]]
    script: dict[str, Any] | None


def prepare(request: Request, pid: int) -> dict[str, Any]:
    """Plan into the store and begin a session whose life is that of process `pid`.

    Attempts of dead sessions are given up and their litter is removed: those trials run again.
    """
    definition = load(request.sweep, request.catalog, request.canary_folders)
    classes = host_classes(request.hosts)
    lab_home = Path(request.lab_home)
    lab_home.mkdir(parents=True, exist_ok=True)
    sweep = definition.sweep.name
    controller = f"{getpass.getuser()}@{socket.gethostname()}:{lab_home.resolve()}"
    with Store(request.store_url) as store:
        session = enter(store, lab_home, Session(sweep, controller, pid, request.script))
        for host in classes:
            Progress(lab_home, host).remove()
            remove_tree(scratch_folder(lab_home, sweep, host))
        generation = store.open_generation(sweep, new=request.generation == "new")
        generation_id = cast(int, generation.id)
        planned = _plan(definition, request.hosts, generation.number)
        added = store.plan(generation, planned, definition.as_dict(), host_rows(request.hosts))
        counts = store.progress(generation_id)
        described = list(_described(definition, planned, store))
    return {
        "sweep": sweep,
        "lab_home": str(lab_home),
        "generation": generation.number,
        "generation_id": generation_id,
        "owner": f"sweep {sweep} of {controller}",
        "session": session,
        "lines": [
            *described,
            *_cell_lines(planned, [cell for cell in planned.cells if cell.numbers]),
            _standing(generation, counts, added.left_out),
        ],
    }


def preview(request: Request) -> dict[str, Any]:
    """What `prepare` would plan, in lines; nothing is stored and nothing runs."""
    definition = load(request.sweep, request.catalog, request.canary_folders)
    with Store(request.store_url, read_only=True) as store:
        generation = store.open_generation(definition.sweep.name, new=request.generation == "new")
        planned = _plan(definition, request.hosts, generation.number)
        added = store.plan(generation, planned, definition.as_dict(), host_rows(request.hosts))
        counts = store.progress(generation.id) if generation.id is not None else {"done": 0, "left": 0, "total": 0}
        described = list(_described(definition, planned, store))
    counts["left"] += added.added
    counts["total"] += added.added
    return {
        "sweep": definition.sweep.name,
        "lab_home": request.lab_home,
        "generation": generation.number,
        "generation_id": generation.id,
        "lines": [
            *described,
            *_cell_lines(planned, planned.cells),
            _standing(generation, counts, added.left_out),
            "check mode: nothing was stored, nothing runs",
        ],
    }


def _plan(definition: Definition, hosts: list[dict[str, Any]], generation: int) -> Plan:
    return plan(
        definition.sweep,
        definition.catalog,
        definition.planned_canaries,
        list(host_classes(hosts).values()),
        stacks(hosts),
        generation,
        refusals(hosts),
    )


def _described(definition: Definition, planned: Plan, store: Store) -> Iterator[str]:
    sweep, today = definition.sweep, datetime.datetime.now(datetime.UTC).date()
    measuring = sum(trial.purpose == "measure" for trial in planned.trials)
    blocks = len({(trial.host_class, trial.block) for trial in planned.trials})
    yield (
        f"sweep {sweep.name}: {len(planned.cells)} cells x {len(sweep.canaries)} canaries x N = {sweep.replicates}: "
        f"{measuring} trials in {blocks} {'block' if blocks == 1 else 'blocks'} on {', '.join(planned.stacks)}"
    )
    yield f"at most {_took(most(planned, today), calls=True)} under the budgets; {PAST_A_CEILING}"
    if sweep.most_replicates > sweep.replicates:
        times = sweep.most_replicates / sweep.replicates
        yield (
            f"where the decision stays open, up to N = {sweep.most_replicates}: at most "
            f"{_took(most(planned, today, times), calls=True)}"
        )
    if found := expected(planned, store.seen(planned.models), today):
        of_all = "" if found.trials == len(planned.trials) else f" ({found.trials} of {len(planned.trials)} trials)"
        yield f"as trials of these models on these hosts went before: about {_took(found)}{of_all}"
    yield from _cannot_be_shown(definition, planned)
    if sweep.limits:
        yield "it ends at " + " or ".join(f"{limit:g} {name.replace('_', ' ')}" for name, limit in sweep.limits.items())


def _cannot_be_shown(definition: Definition, planned: Plan) -> Iterator[str]:
    """A duty that asks for more than the best of results could show is told before the night, not after it."""
    per_class = Counter(cell.host_class for cell in planned.cells if not cell.numbers)
    compared = max(per_class.values(), default=1)
    for one in out_of_reach(definition.sweep, definition.planned_canaries, compared):
        yield (
            f"{one.duty}: no result can show {one.asked * 100:.0f} %: it takes {one.needed} counted trials of a cell, "
            f"and there are {one.trials} at most. Remedy: more canaries or replicates, fewer levels, or ask for less"
        )


def _took(amount: Amount, calls: bool = False) -> str:
    parts = [f"{amount.calls} model calls"] if calls else []
    parts += [f"{amount.generated_tokens} generated tokens", f"{amount.wall_seconds / 60:.0f} minutes"]
    return ", ".join(parts + [f"{money:.2f} {currency}" for currency, money in amount.money.items()])


def _cell_lines(planned: Plan, cells: Iterable[Cell]) -> Iterator[str]:
    trials = Counter(trial.cell for trial in planned.trials if trial.purpose == "measure")
    for cell in cells:
        yield f"  {cell.model} on {cell.host_class}, {_changed(cell)}: {_refused(cell) or f'{trials[cell.id]} trials'}"


def _refused(cell: Cell) -> str:
    return f"left out, {cell.numbers['reason']}" if cell.numbers else ""


def _changed(cell: Cell) -> str:
    return f"{cell.factor} = {cell.level}" if cell.factor else "baseline"


def _standing(generation: Generation, counts: dict[str, int], left_out: int) -> str:
    if left_out:
        return (
            f"generation {generation.number} is complete without {left_out} of these trials: start the next with --new"
        )
    if not counts["left"] and generation.state == "open" and counts["total"]:
        return (
            f"generation {generation.number} goes on: its {counts['total']} trials are recorded, what they say is next"
        )
    if not counts["left"]:
        return f"generation {generation.number} is complete: no trial runs; start the next with: lab sweep --new"
    if counts["done"]:
        return f"generation {generation.number} goes on: {counts['done']} of {counts['total']} trials are recorded"
    return f"generation {generation.number} starts"
