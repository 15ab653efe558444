# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The next block for a host; where all are run, a look at what they showed, which may plan further ones."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..store import Store, SweepChanged
from ..store.changes import FREE, differences
from ..store.rounds import Layout, Round
from ..sweep.blocks import Scene, Wanted, in_passes, laid_out
from ..sweep.digest import canonical
from ..sweep.looking import Look, View, look_at, run_once_more
from ..sweep.plan import scene
from ..toolchain import ready
from ..worker.worker import LOAD_SECONDS, Orphaned
from .blocks import described
from .inspect import Definition, load

POLL_SECONDS = 2.0
# A load and its smoke may take that long before the first trial is claimed.
HOLD_SECONDS = 2 * LOAD_SECONDS


@dataclass(frozen=True)
class Request:
    """The sweep, the store, and the host that asks for something to do; `session` is this run of the playbook."""

    sweep: str
    catalog: str
    canary_folders: list[str]
    lab_home: str
    store_url: str
    generation_id: int
    session: str
    host: str


def next_block(request: Request, tell: Callable[[str], None]) -> dict[str, Any]:
    """The host's next block, taken for it, and how many there are; none where everything is decided.

    Hosts of one class share its blocks: one that finds none waits for the others, since what they record decides what
    is measured next. Whoever looks first writes down what was decided; the others find it there.
    """
    definition = load(request.sweep, request.catalog, request.canary_folders)
    with Store(request.store_url) as store:
        lab = _Lab(store, request, definition, tell)
        parent, told = os.getppid(), False
        while True:
            lab.settle()
            blocks = store.blocks(request.generation_id, lab.host_class)
            free = [one for one in blocks if one.held_by in (None, request.host)]
            for block in free:
                if lab.take(block.number):
                    resources = ready(list(definition.canaries.values()), definition.roots, Path(request.lab_home))
                    overhead = store.overhead_bytes(request.host, lab.host["engine"], lab.build)
                    found = described(definition, resources, lab.host, block, overhead)
                    return {"block": found, "left": len(free)}
            if not blocks and not store.is_running(request.generation_id, lab.host_class):
                if lab.plan_more():
                    continue
                return {"block": None, "left": 0}
            if not told:
                tell(f"round: {request.host} waits for the other hosts of {lab.host_class}")
                told = True
            if os.getppid() != parent:
                raise Orphaned("What ran this sweep was killed.", "run the same command again to go on")
            time.sleep(POLL_SECONDS)


class _Lab:
    """One host class of one generation."""

    def __init__(self, store: Store, request: Request, definition: Definition, tell: Callable[[str], None]) -> None:
        self._store, self._request, self._definition, self._tell = store, request, definition, tell
        self._generation = store.generation(request.generation_id)
        self.host = next(dict(one) for one in self._generation["hosts"] if one["name"] == request.host)
        self.host_class = str(self.host["host_class"])
        self._stack = self._generation["stack"][self.host_class]
        self.build = str(self._stack["engine_build"])
        self._check_unchanged()

    def take(self, number: int) -> bool:
        request = self._request
        return self._store.take_block(
            request.generation_id, request.host, self.host_class, number, request.session, HOLD_SECONDS
        )

    def settle(self) -> None:
        self._store.settle_blocks(self._request.generation_id, self.host_class)

    def plan_more(self) -> bool:
        """Whether there was anything to decide: blocks to run once more, or else a look at each model."""
        standing = self._store.standing(self._request.generation_id, self.host_class)
        if standing["generation"]["state"] != "open":
            return False
        models = list(dict.fromkeys(row["model"] for row in standing["cells"] if row["state"] == "open"))
        views = {model: View(standing, model, self.host_class) for model in models}
        again = [self._run_once_more(view, standing, model) for model, view in views.items()]
        if any(again):
            return True
        looked = [self._look(view, standing, model) for model, view in views.items()]
        return any(looked)

    def _run_once_more(self, view: View, standing: Mapping[str, Any], model: str) -> bool:
        blocks = [block for block in standing["blocks"] if block["model"] == model]
        planned = {(block["numbers"] or {}).get("rerun_of") for block in blocks}
        added = False
        for block in blocks:
            wanted = run_once_more(view, block["number"]) if block["state"] == "drifted" else []
            if wanted and block["number"] not in planned:
                layout = _layout(self._scene(model), [wanted], "rerun")
                self._store.add_rerun(self._request.generation_id, self.host_class, block["number"], layout)
                added = True
        return added

    def _look(self, view: View, standing: Mapping[str, Any], model: str) -> bool:
        found = look_at(self._definition.sweep, self._definition.planned_canaries, view, int(standing["shared_by"]))
        if found is None:
            return False
        number = sum(1 for one in standing["rounds"] if one["model"] == model) + 1
        here = self._scene(model)
        layout = _layout(here, in_passes(here, found.wanted), found.stage) if found.wanted else None
        cells = [found.cell] if found.cell else []
        decided = Round(model, number, found.decisions, found.closed, cells, layout)
        if self._store.add_round(self._request.generation_id, self.host_class, decided):
            self._tell(f"round {number} of {model} on {self.host_class}: {_said(found)}")
        return True

    def _scene(self, model: str) -> Scene:
        definition = self._definition
        hosts = sum(1 for one in self._generation["hosts"] if one["host_class"] == self.host_class)
        return scene(
            definition.sweep,
            definition.catalog[model],
            definition.planned_canaries,
            self.host_class,
            self._stack,
            int(self._generation["number"]),
            hosts,
        )

    def _check_unchanged(self) -> None:
        """The files are read again at each block: what is planned next must be of the sweep that was begun."""
        stored, definition = self._generation, self._definition
        now = json.loads(canonical(definition.as_dict()))
        before, after = ({key: one[key] for key in one if key not in FREE} for one in (stored["definition"], now))
        changes = differences(before, after)
        for name, model in stored["models"].items():
            if name in definition.catalog and definition.catalog[name].digest != model["digest"]:
                changes.append(f"model {name}: another file or template")
        if changes:
            raise SweepChanged(definition.sweep.name, int(stored["number"]), changes)


def _layout(here: Scene, contents: list[list[Wanted]], stage: str) -> Layout:
    return lambda block, position: laid_out(here, contents, stage, block, position)


def _said(found: Look) -> str:
    states = Counter(one["state"] for one in found.decisions if one["state"] != "baseline")
    shown = {"open": "open", "efficacy": "shown better", "futility": "cannot win", "exhausted": "not shown better"}
    parts = [f"{states[state]} {words}" for state, words in shown.items() if states[state]]
    if found.cell:
        parts.append("the winning levels are confirmed together")
    if found.wanted:
        parts.append(f"{len(found.wanted)} more trials")
    return ", ".join(parts) or "nothing to compare"
