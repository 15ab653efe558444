# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: cells and trials, with ids that are the same however often it is made."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ..agent.budgets import trial_seconds
from .catalog import Model
from .definition import Change, Sweep
from .digest import canonical, digest

GIB = 2**30
CLOUD_ENGINE = "openai_compatible"

Refusal = Callable[[dict[str, Any]], "str | None"]


class HostClass(NamedTuple):
    """What makes two hosts interchangeable for a trial: engine, GPU, memory size (0: a cloud's, not ours to know)."""

    engine: str
    gpu: str
    total_bytes: int

    @property
    def id(self) -> str:
        gpu = "cpu" if self.gpu.lower() in ("", "none") else self.gpu
        return f"{self.engine}/{gpu}/{round(self.total_bytes / GIB)}" if self.total_bytes else f"{self.engine}/cloud"


class PlannedCanary(NamedTuple):
    """What planning needs to know of a canary."""

    digest: str
    grade: int
    budgets: Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """The baseline (`factor` None), or the baseline with one factor set to one level."""

    id: str
    model: str
    host_class: str
    factor: str | None
    level: Any
    load: dict[str, Any]
    chat: dict[str, Any]
    load_digest: str
    position: int
    state: str = "open"
    numbers: dict[str, Any] | None = None


@dataclass(frozen=True)
class Trial:
    """One replicate of one canary in one cell with one model on one class of hosts."""

    id: str
    cell: str
    model: str
    model_digest: str
    host_class: str
    canary: str
    canary_digest: str
    grade: int
    replicate: int
    seed: int
    position: int
    load_digest: str
    load: dict[str, Any]
    chat: dict[str, Any]
    budgets: dict[str, Any]
    block: int
    purpose: str = "measure"
    stage: str = "screen"


@dataclass(frozen=True)
class Plan:
    """One generation of a sweep: what is to be run, and on which stacks."""

    sweep: str
    generation: int
    cells: tuple[Cell, ...]
    trials: tuple[Trial, ...]
    stacks: dict[str, dict[str, Any]]
    models: dict[str, dict[str, Any]]


def plan(
    sweep: Sweep,
    catalog: Mapping[str, Model],
    canaries: Mapping[str, PlannedCanary],
    host_classes: Sequence[HostClass],
    stacks: Mapping[str, Mapping[str, Any]],
    generation: int,
    refusals: Mapping[str, Refusal] | None = None,
) -> Plan:
    """Cells and trials in the order to run them, per host class in blocks of one load config of one model.

    A cloud's model runs on a cloud, a GGUF file anywhere else.

    `refusals` says per host class which load config its engine would ignore: that cell is `factor_not_applied` from the
    start and has no trials.
    """
    sweep.check_models(catalog)
    sweep.check_canaries(canaries)
    cells: list[Cell] = []
    trials: list[Trial] = []
    for host_class, engine in {one.id: one.engine for one in host_classes}.items():
        for name in sweep.models:
            if (catalog[name].cloud is not None) != (engine == CLOUD_ENGINE):
                continue
            scope = [sweep.name, generation, host_class, stacks[host_class], catalog[name].digest]
            of_model = _cells(sweep, catalog[name], host_class, scope, len(cells))
            if refusals and host_class in refusals:
                of_model = [_asked(cell, catalog[name], refusals[host_class]) for cell in of_model]
            cells += of_model
            to_run = [cell for cell in of_model if cell.state == "open"]
            for number, load_digest in enumerate(dict.fromkeys(cell.load_digest for cell in to_run)):
                block = [cell for cell in to_run if cell.load_digest == load_digest]
                trials += _block(sweep, catalog[name], block, canaries, scope, len(trials), number)
    return Plan(
        sweep=sweep.name,
        generation=generation,
        cells=tuple(cells),
        trials=tuple(trials),
        stacks={host_class.id: json.loads(canonical(stacks[host_class.id])) for host_class in host_classes},
        models={name: catalog[name].as_dict() for name in sweep.models},
    )


def estimate(plan: Plan) -> dict[str, Any]:
    """The most a plan can take: every trial to the end of its budgets, the host classes side by side."""
    wall_seconds: dict[str, float] = {}
    for trial in plan.trials:
        taken = wall_seconds.get(trial.host_class, 0.0)
        wall_seconds[trial.host_class] = taken + trial_seconds(trial.budgets)
    return {
        "trials": len(plan.trials),
        "calls_max": sum(int(trial.budgets["turns"]) for trial in plan.trials),
        "generated_tokens_max": sum(int(trial.budgets["generated_tokens"]) for trial in plan.trials),
        "wall_seconds_max": max(wall_seconds.values(), default=0.0),
    }


def _cells(sweep: Sweep, model: Model, host_class: str, scope: Sequence[Any], first: int) -> list[Cell]:
    """The baseline, then one cell for each change that really differs from it and from the cells before."""
    cells: dict[str, Cell] = {}
    changes: list[Change | None] = [None, *sweep.changes]
    for change in changes:
        load, chat = dict(sweep.load), dict(sweep.chat)
        if change:
            (load if change.kind == "load" else chat)[change.factor] = change.level
        configured = canonical([load, chat])
        if configured in cells:
            continue
        cells[configured] = Cell(
            id=digest([*scope, load, chat], 12),
            model=model.name,
            host_class=host_class,
            factor=change.factor if change else None,
            level=change.level if change else None,
            load=load,
            chat=chat,
            load_digest=digest([model.digest, load], 12),
            position=first + len(cells),
        )
    return list(cells.values())


def _asked(cell: Cell, model: Model, refusal: Refusal) -> Cell:
    why = refusal({**cell.load, "chat_template": model.chat_template})
    asked_tokens = cell.load["context_tokens"]
    if model.cloud and asked_tokens > model.cloud.context_tokens:
        why = f"context_tokens = {asked_tokens} is more than the {model.cloud.context_tokens} of this model"
    return replace(cell, state="factor_not_applied", numbers={"reason": why}) if why else cell


def _block(
    sweep: Sweep,
    model: Model,
    cells: Sequence[Cell],
    canaries: Mapping[str, PlannedCanary],
    scope: Sequence[Any],
    first: int,
    number: int,
) -> list[Trial]:
    """The trials of one block. Shuffled, but each replicate of all of them before the next one: a sweep that is
    stopped early leaves every cell with about as many trials as the others."""
    trials: list[Trial] = []
    # Seeded by what the block is, so that adding a model or a host class leaves the order of the others alone.
    order = random.Random(digest([sweep.seed, cells[0].host_class, cells[0].load_digest]))
    for replicate in range(1, sweep.replicates + 1):
        pairs = [(cell, name) for cell in cells for name in sweep.canaries]
        order.shuffle(pairs)
        for cell, name in pairs:
            canary = PlannedCanary(*canaries[name])
            trial_id = digest([*scope, cell.load, cell.chat, canary.digest, replicate], 20)
            trials.append(
                Trial(
                    id=trial_id,
                    cell=cell.id,
                    model=model.name,
                    model_digest=model.digest,
                    host_class=cell.host_class,
                    canary=name,
                    canary_digest=canary.digest,
                    grade=canary.grade,
                    replicate=replicate,
                    seed=int(digest(trial_id, 8), 16) & 0x7FFFFFFF,
                    position=first + len(trials),
                    load_digest=cell.load_digest,
                    load=dict(cell.load),
                    chat=dict(cell.chat),
                    budgets=dict(canary.budgets) | sweep.budgets,
                    block=number,
                )
            )
    return trials
