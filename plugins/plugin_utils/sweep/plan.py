# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: cells and trials, with ids that are the same however often it is made."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from .blocks import Scene, Trial, Wanted, in_passes, laid_out
from .catalog import Model
from .configs import configs
from .definition import Sweep
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
    duty: str = ""


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
class Plan:
    """One generation of a sweep: what is to be run, and on which stacks. `scenes` are by host class and model."""

    sweep: str
    generation: int
    cells: tuple[Cell, ...]
    trials: tuple[Trial, ...]
    stacks: dict[str, dict[str, Any]]
    models: dict[str, dict[str, Any]]
    scenes: dict[tuple[str, str], Scene]


def plan(
    sweep: Sweep,
    catalog: Mapping[str, Model],
    canaries: Mapping[str, PlannedCanary],
    host_classes: Sequence[HostClass],
    stacks: Mapping[str, Mapping[str, Any]],
    generation: int,
    refusals: Mapping[str, Refusal] | None = None,
) -> Plan:
    """Cells and the trials of their screen in the order to run them, per host class in blocks of one load config.

    A host class stands there once for each of its hosts: there are blocks for all of them. A cloud's model runs on a
    cloud, a GGUF file anywhere else.

    `refusals` says per host class which load config its engine would ignore: that cell is `factor_not_applied` from the
    start and has no trials.
    """
    sweep.check_models(catalog)
    sweep.check_canaries(canaries)
    cells: list[Cell] = []
    trials: list[Trial] = []
    scenes: dict[tuple[str, str], Scene] = {}
    hosts = Counter(one.id for one in host_classes)
    for host_class, engine in {one.id: one.engine for one in host_classes}.items():
        blocks = 0
        for name in sweep.models:
            if (catalog[name].cloud is not None) != (engine == CLOUD_ENGINE):
                continue
            here = scene(sweep, catalog[name], canaries, host_class, stacks[host_class], generation, hosts[host_class])
            scenes[host_class, name] = here
            of_model = _cells(sweep, catalog[name], here, len(cells))
            if refusals and host_class in refusals:
                of_model = [_asked(cell, catalog[name], refusals[host_class]) for cell in of_model]
            cells += of_model
            replicates = range(1, sweep.replicates + 1)
            to_run = [cell for cell in of_model if cell.state == "open"]
            wanted = [Wanted(*one) for one in itertools.product(to_run, sweep.canaries, replicates)]
            contents = in_passes(here, wanted)
            trials += laid_out(here, contents, "screen", blocks, len(trials))
            blocks += len(contents)
    return Plan(
        sweep=sweep.name,
        generation=generation,
        cells=tuple(cells),
        trials=tuple(trials),
        stacks={host_class.id: json.loads(canonical(stacks[host_class.id])) for host_class in host_classes},
        models={name: catalog[name].as_dict() for name in sweep.models},
        scenes=scenes,
    )


def scene(
    sweep: Sweep,
    model: Model,
    canaries: Mapping[str, PlannedCanary],
    host_class: str,
    stack: Mapping[str, Any],
    generation: int,
    hosts: int = 1,
) -> Scene:
    """What the trials of one model on one class of hosts have in common."""
    return Scene(
        sweep=sweep.name,
        generation=generation,
        host_class=host_class,
        stack=stack,
        model=model.name,
        model_digest=model.digest,
        digest_under=model.digest_under,
        chat=sweep.chat,
        canaries={name: PlannedCanary(*canaries[name]) for name in sweep.canaries},
        budgets=sweep.budgets,
        seed=sweep.seed,
        anchored=model.cloud is None,
        hosts=hosts,
    )


def _cells(sweep: Sweep, model: Model, here: Scene, first: int) -> list[Cell]:
    """The baseline, then one cell for each change that really differs from it and from the cells before.

    What this model cannot be is `factor_not_applied` from the start, and has no trials.
    """
    cells: list[Cell] = []
    for change, load, chat, refused in configs(sweep, model):
        load_digest = digest([model.digest_under(load), load], 12)
        cells.append(
            Cell(
                id=digest([*here.scope, load_digest, chat], 12),
                model=model.name,
                host_class=here.host_class,
                factor=change.factor if change else None,
                level=change.level if change else None,
                load=load,
                chat=chat,
                load_digest=load_digest,
                position=first + len(cells),
                state="factor_not_applied" if refused else "open",
                numbers={"reason": refused} if refused else None,
            )
        )
    return cells


def _asked(cell: Cell, model: Model, refusal: Refusal) -> Cell:
    if cell.state != "open":
        return cell
    why = refusal({**cell.load, "chat_template": model.chat_template})
    asked_tokens = cell.load["context_tokens"]
    if model.cloud and asked_tokens > model.cloud.context_tokens:
        why = f"context_tokens = {asked_tokens} is more than the {model.cloud.context_tokens} of this model"
    return replace(cell, state="factor_not_applied", numbers={"reason": why}) if why else cell
