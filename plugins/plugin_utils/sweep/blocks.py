# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trials in blocks: one load config of one model at a time, warmed up first and framed by two anchors.

Load configs that are compared get at least two blocks each, the second time in reversed order, so that heat and time
of day do not fall on one of them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from .digest import canonical, digest

if TYPE_CHECKING:
    from .plan import Cell, PlannedCanary

# A warm-up is thrown away; an anchor needs a few turns whose speeds can be told apart, on any canary.
WARM_UP_TURNS, ANCHOR_TURNS = 2, 8
OPENING, CLOSING = 1, 2


@dataclass(frozen=True)
class Trial:
    """One replicate of one canary in one cell with one model on one class of hosts.

    A warm-up has the replicate 0, a block's anchors 1 and 2; they lie in a cell of their block, whatever its chat
    config.
    """

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


class Wanted(NamedTuple):
    """A trial that is to be measured, wherever it comes to lie."""

    cell: Cell
    canary: str
    replicate: int


@dataclass(frozen=True)
class Scene:
    """What the trials of one model on one class of hosts have in common.

    `chat` is the baseline's, which warm-ups and anchors use under any load config; `anchored` is false where there is
    no host of ours to warm up or to watch. `digest_under` gives the model's digest under a load config. `canaries` are
    in the sweep's order, `budgets` the sweep's own. There are blocks for each of the `hosts`.
    """

    sweep: str
    generation: int
    host_class: str
    stack: Mapping[str, Any]
    model: str
    model_digest: str
    digest_under: Callable[[Mapping[str, Any]], str]
    chat: dict[str, Any]
    canaries: Mapping[str, PlannedCanary]
    budgets: Mapping[str, Any]
    seed: int
    anchored: bool
    hosts: int = 1

    @property
    def scope(self) -> list[Any]:
        """What every id is made from."""
        return [self.sweep, self.generation, self.host_class, self.stack, self.model_digest]

    @property
    def anchor_canary(self) -> str:
        """The first canary of the lowest grade: the cheapest there is."""
        return min(self.canaries, key=lambda name: self.canaries[name].grade)


def in_passes(scene: Scene, wanted: Sequence[Wanted]) -> list[list[Wanted]]:
    """What each block measures, in the order to run them.

    The replicates are shared out between the passes over the load configs; where there are too few of them, the
    canaries are, for cells are compared canary by canary.
    """
    loads = list(dict.fromkeys(one.cell.load_digest for one in wanted))
    times: dict[tuple[str, str], int] = {}
    ranks = []  # the first, second... time that a cell meets a canary here, whatever the replicate's number
    for one in sorted(wanted, key=lambda one: one.replicate):
        ranks.append((one, times.setdefault((one.cell.id, one.canary), 0)))
        times[one.cell.id, one.canary] += 1
    passes = max(scene.hosts, 2 if len(loads) > 1 else 1)
    units: dict[Any, int]
    if max(times.values(), default=0) >= passes:
        units = _dealt(range(max(times.values())), passes)
        shares = [(one, units[rank]) for one, rank in ranks]
    else:
        units = _dealt(list(scene.canaries), passes)
        shares = [(one, units[one.canary]) for one, _rank in ranks]
    blocks: dict[tuple[int, str], list[Wanted]] = {}
    for number in range(passes):
        for load in loads if number % 2 == 0 else reversed(loads):
            blocks[number, load] = []
    for one, number in shares:
        blocks[number, one.cell.load_digest].append(one)
    return [block for block in blocks.values() if block]


def laid_out(
    scene: Scene, contents: Sequence[Sequence[Wanted]], stage: str, first_block: int, first_position: int
) -> list[Trial]:
    """The trials of these blocks in the order to run them, numbered from the first of each on.

    Shuffled, but each replicate of all of them before the next one: a sweep that is stopped early leaves every cell
    with about as many trials as the others.
    """
    maker = _Maker(scene, stage, first_position)
    for number, content in enumerate(contents, first_block):
        maker.block(number, content)
    return maker.trials


def _dealt(units: Sequence[Any], passes: int) -> dict[Any, int]:
    """Which pass each unit falls into, in their order: as many for each, the first ones one more."""
    share, more = divmod(len(units), passes)
    sizes = [share + (number < more) for number in range(passes)]
    passed = [number for number, size in enumerate(sizes) for _unit in range(size)]
    return dict(zip(units, passed, strict=True))


class _Maker:
    """Hashing is what a plan costs: what trials have in common is hashed once."""

    def __init__(self, scene: Scene, stage: str, first_position: int) -> None:
        self.trials: list[Trial] = []
        self._scene, self._stage, self._first = scene, stage, first_position
        self._scope = canonical(scene.scope)[:-1]
        self._budgets = {name: {**canary.budgets, **scene.budgets} for name, canary in scene.canaries.items()}
        self._digests = {name: canonical(canary.digest) for name, canary in scene.canaries.items()}
        self._hashes: dict[tuple[str, str], Any] = {}
        self._model_digest = scene.model_digest

    def block(self, number: int, content: Sequence[Wanted]) -> None:
        first = min((one.cell for one in content), key=lambda cell: cell.position)
        self._model_digest = self._scene.digest_under(first.load)
        # Seeded by what the block is, so that adding a model or a host class leaves the order of the others alone.
        by = [self._scene.seed, self._scene.host_class, first.load_digest, content[0].replicate]
        if self._scene.anchored:
            self._frame(number, first, "warm_up", 0, WARM_UP_TURNS)
            self._frame(number, first, "anchor", OPENING, ANCHOR_TURNS)
        for cell, canary, replicate in _shuffled(content, random.Random(digest(by))):
            trial_id = self._id(cell.id, cell.load_digest, cell.chat, canary, f"{replicate}]")
            seed = int(hashlib.sha256(f'"{trial_id}"'.encode()).hexdigest()[:8], 16) & 0x7FFFFFFF
            self._add(trial_id, cell, cell.chat, canary, replicate, seed, number, self._budgets[canary], "measure")
        if self._scene.anchored:
            self._frame(number, first, "anchor", CLOSING, ANCHOR_TURNS)

    def _frame(self, number: int, cell: Cell, purpose: str, which: int, turns: int) -> None:
        """With the same seed for all: what they say is to differ by nothing but the host and its load."""
        scene, canary = self._scene, self._scene.anchor_canary
        trial_id = self._id("", cell.load_digest, scene.chat, canary, canonical([purpose, number, which])[1:])
        seed = int(digest([*scene.scope, scene.chat, scene.canaries[canary].digest], 8), 16) & 0x7FFFFFFF
        budgets = self._budgets[canary]
        budgets = budgets | {"turns": min(int(budgets["turns"]), turns), "probe_factor": 1.0}
        self._add(trial_id, cell, scene.chat, canary, which, seed, number, budgets, purpose)

    def _id(self, cell: str, load_digest: str, chat: dict[str, Any], canary: str, rest: str) -> str:
        """The digest of [scope..., load digest, chat, canary, rest...]; all but the rest is the cell's and canary's."""
        hashed = self._hashes.get((cell, canary))
        if hashed is None or not cell:
            text = f"{self._scope},{canonical(load_digest)},{canonical(chat)},{self._digests[canary]},"
            hashed = self._hashes[cell, canary] = hashlib.sha256(text.encode())
        finished = hashed.copy()
        finished.update(rest.encode())
        return str(finished.hexdigest()[:20])

    def _add(
        self,
        trial_id: str,
        cell: Cell,
        chat: dict[str, Any],
        canary: str,
        replicate: int,
        seed: int,
        block: int,
        budgets: dict[str, Any],
        purpose: str,
    ) -> None:
        scene = self._scene
        self.trials.append(
            Trial(
                id=trial_id,
                cell=cell.id,
                model=scene.model,
                model_digest=self._model_digest,
                host_class=scene.host_class,
                canary=canary,
                canary_digest=scene.canaries[canary].digest,
                grade=scene.canaries[canary].grade,
                replicate=replicate,
                seed=seed,
                position=self._first + len(self.trials),
                load_digest=cell.load_digest,
                load=cell.load,
                chat=chat,
                budgets=budgets,
                block=block,
                purpose=purpose,
                stage=self._stage,
            )
        )


def _shuffled(content: Sequence[Wanted], order: random.Random) -> Iterator[Wanted]:
    replicates: dict[int, list[Wanted]] = {}
    for one in content:
        replicates.setdefault(one.replicate, []).append(one)
    for replicate in sorted(replicates):
        order.shuffle(replicates[replicate])
        yield from replicates[replicate]
