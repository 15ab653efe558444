# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at one model on one host class decides: which cells are over, and what is measured next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .adaptive import CellLook, Rule, Tally, look, shown_better
from .blocks import Wanted
from .confirmation import CONFIRMATION, confirmation, confirmation_canaries
from .counting import reasons
from .definition import Sweep
from .plan import Cell, PlannedCanary
from .sufficiency import is_open

# Cells that are compared: every other end of a cell says nothing of how good it is, or that it must not be taken.
JUDGED = ("open", "complete", "stopped_early", "budget_spent")


@dataclass(frozen=True)
class Look:
    """`closed`: id → state and numbers. `cell` is the confirmation cell, where this look asks for one."""

    decisions: list[dict[str, Any]]
    closed: dict[str, tuple[str, dict[str, Any] | None]]
    wanted: list[Wanted] = field(default_factory=list)
    stage: str = "replicate"
    cell: Cell | None = None


class View:
    """Cells, trials and blocks of one model on one host class, out of the store's `standing` or its summary.

    `compared` counts the cells of every model on the host class: they share the risk of being called good enough.
    """

    def __init__(self, standing: Mapping[str, Any], model: str, host_class: str) -> None:
        here = [row for row in standing["cells"] if row["host_class"] == host_class]
        self.compared = sum(1 for row in here if row["state"] in JUDGED)
        self.next_position = max((row.get("position", 0) for row in here), default=-1) + 1
        self.cells = [
            Cell(**{"position": index, **row})  # a summary has them in their order, without the number
            for index, row in enumerate(here)
            if row["model"] == model
        ]
        ids, blocks = {cell.id for cell in self.cells}, standing["blocks"]
        self._trials = [trial for trial in standing["trials"] if trial["cell"] in ids]
        self._drifted = {
            one["number"] for one in blocks if one["state"] == "drifted" and one["host_class"] == host_class
        }
        self._why = reasons(self._trials, here, blocks)

    def measured(self, block: int) -> Iterator[Mapping[str, Any]]:
        """What a block was to measure."""
        return (one for one in self._trials if one["block"] == block and one["purpose"] == "measure")

    def planned(self, cell: str, canary: str) -> list[Mapping[str, Any]]:
        """Trials that count or may still, in the order of their replicates."""
        return sorted(
            (
                one
                for one in self._trials
                if (one["cell"], one["canary"], one["purpose"]) == (cell, canary, "measure")
                and one["block"] not in self._drifted
            ),
            key=lambda one: int(one["replicate"]),
        )

    def last_replicate(self, cell: str, canary: str) -> int:
        numbers = [one["replicate"] for one in self._trials if (one["cell"], one["canary"]) == (cell, canary)]
        return max((int(number) for number in numbers), default=0)

    def tally(self, cell: Cell, canaries: Iterable[str]) -> Tally:
        """What a cell did; a trial that has not ended yet is not there yet."""
        results = [
            (canary, int(one["replicate"]), one["record"]["outcome"] == "passed" if why is None else None)
            for canary in canaries
            for one in self.planned(cell.id, canary)
            if (why := self._why[one["id"]]) != "open"
        ]
        return Tally.of(cell.id, cell.factor is None, results, cut_off=cell.state == "budget_spent")

    def more(self, cell: Cell, canary: str, count: int) -> Iterator[Wanted]:
        last = self.last_replicate(cell.id, canary)
        return (Wanted(cell, canary, last + number) for number in range(1, count + 1))


def look_at(sweep: Sweep, canaries: Mapping[str, PlannedCanary], view: View, shared_by: int) -> Look | None:
    """The next look, or None where everything is decided. No trial waits or runs when it is taken."""
    undecided = [cell for cell in view.cells if cell.state == "open"]
    levels = [cell for cell in view.cells if cell.factor != CONFIRMATION]
    if not undecided:
        return None
    if not any(cell in levels for cell in undecided):
        return _confirmed(undecided)
    rule = Rule(sweep.wrong_adoption, sweep.replicates, sweep.most_replicates, shared_by)
    looks = {one.cell: one for one in verdicts(rule, view, sweep.canaries)}
    if not looks:
        # Nothing to compare with, but what is asked of a duty may still be open.
        return _told([], undecided, list(_to_tell(sweep, canaries, view, undecided)))
    decisions = [asdict(one) for one in looks.values()]
    by_id = {cell.id: cell for cell in levels}
    baseline = next(by_id[one.cell] for one in looks.values() if one.state == "baseline")
    winners = [by_id[won] for won in shown_better(looks.values())]
    going_on = [cell for cell in undecided if looks[cell.id].state == "open"]
    wanted = list(_wanted(sweep, view, looks, [baseline, *going_on])) if going_on else []
    may_be_taken = winners or ([] if wanted else [baseline])
    wanted += _to_tell(sweep, canaries, view, may_be_taken)
    over = [cell for cell in undecided if not going_on or cell not in (baseline, *going_on)]
    combined = None if wanted else confirmation(sweep, baseline, winners)
    found = _told(decisions, over, wanted, lambda cell: _closed(rule, looks[cell.id]))
    if combined is None:
        return found
    cell = replace(combined, position=view.next_position)
    names = confirmation_canaries(sweep, canaries)
    wanted = [one for name in names for one in view.more(cell, name, sweep.most_replicates)]
    return Look(decisions, found.closed, wanted, "confirmation", cell)


def _told(
    decisions: list[dict[str, Any]],
    over: Sequence[Cell],
    wanted: list[Wanted],
    end: Callable[[Cell], tuple[str, dict[str, Any] | None]] = lambda _cell: ("complete", None),
) -> Look:
    """Cells that are over are closed, but for those of which more is wanted."""
    going_on = {one.cell.id for one in wanted}
    return Look(decisions, {cell.id: end(cell) for cell in over if cell.id not in going_on}, wanted)


def _to_tell(
    sweep: Sweep, canaries: Mapping[str, PlannedCanary], view: View, cells: Sequence[Cell]
) -> Iterator[Wanted]:
    """All the replicates left, at once, of the cells that may be taken and of which it is open if they are good enough.

    In one step: nothing is looked at in between, so nothing is stopped because it happens to look good.
    """
    for cell in cells:
        if cell.state == "open" and is_open(sweep, canaries, view.tally(cell, sweep.canaries), view.compared):
            for canary in sweep.canaries:
                yield from view.more(cell, canary, sweep.most_replicates - len(view.planned(cell.id, canary)))


def verdicts(rule: Rule, view: View, canaries: Sequence[str]) -> list[CellLook]:
    """Of every cell that is compared, what is known; none without a baseline, or without anything beside it."""
    judged = [cell for cell in view.cells if cell.factor != CONFIRMATION and cell.state in JUDGED]
    if len(judged) < 2 or all(cell.factor is not None for cell in judged):
        return []
    return look(rule, [view.tally(cell, canaries) for cell in judged])


def run_once_more(view: View, block: int) -> list[Wanted]:
    """What a drifted block was to measure, under fresh numbers; cells that were closed meanwhile are left out."""
    cells = {cell.id: cell for cell in view.cells if cell.state == "open"}
    counts: dict[tuple[str, str], int] = {}
    for one in view.measured(block):
        counts[one["cell"], one["canary"]] = counts.get((one["cell"], one["canary"]), 0) + 1
    return [
        wanted
        for (cell, canary), count in counts.items()
        if cell in cells
        for wanted in view.more(cells[cell], canary, count)
    ]


def _wanted(sweep: Sweep, view: View, looks: Mapping[str, CellLook], cells: Sequence[Cell]) -> Iterator[Wanted]:
    for cell in cells:
        for canary in sweep.canaries:
            there = len(view.planned(cell.id, canary))
            yield from view.more(cell, canary, looks[cell.id].replicates - there)


def _closed(rule: Rule, of_cell: CellLook) -> tuple[str, dict[str, Any] | None]:
    if of_cell.state in ("efficacy", "futility") and of_cell.replicates < rule.most:
        return "stopped_early", {**of_cell.numbers, "why": of_cell.state}
    return "complete", None


def _confirmed(cells: Sequence[Cell]) -> Look:
    decisions = [asdict(CellLook(cell.id, "exhausted", 0, {"why": CONFIRMATION})) for cell in cells]
    return Look(decisions, {cell.id: ("complete", None) for cell in cells})
