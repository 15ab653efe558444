# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cell in which several winning levels are tried together: what was not itself a cell is never decided for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .definition import KINDS, Sweep
from .digest import canonical, digest
from .plan import Cell, PlannedCanary

CONFIRMATION = "confirmation"
STAMINA_GRADE = 3


def confirmation(sweep: Sweep, baseline: Cell, winners: Sequence[Cell]) -> Cell | None:
    """The winning levels together, as one cell; None where no two of them can be combined, for then nothing is untried.

    `winners` are cells of the baseline's model and host class, best first: of two that set the same thing (two levels
    of one factor, or a profile and a temperature) the better one is taken. The cell stands right behind the last of
    those it is made of; the caller moves it behind the others.
    """
    load, chat = dict(baseline.load), dict(baseline.chat)
    taken: list[Cell] = []
    set_already: set[tuple[str, str]] = set()
    for winner in winners:
        changed = _changed(baseline, winner)
        if not changed or set_already & changed.keys():
            continue
        for (kind, name), is_set in changed.items():
            of_kind = load if kind == "load" else chat
            if is_set:
                of_kind[name] = getattr(winner, kind)[name]
            else:
                del of_kind[name]
        set_already |= changed.keys()
        taken.append(winner)
    if len(taken) < 2:
        return None
    known = {canonical(cell.load): cell.load_digest for cell in (baseline, *taken)}
    return replace(
        baseline,
        # Made from the baseline's own digests, which hold the sweep, the generation, the stack and the model.
        id=digest([sweep.name, baseline.id, load, chat], 12),
        factor=CONFIRMATION,
        level={str(cell.factor): cell.level for cell in taken},
        load=load,
        chat=chat,
        load_digest=known.get(canonical(load)) or digest([baseline.load_digest, load], 12),
        position=max(cell.position for cell in (baseline, *taken)) + 1,
        state="open",
        numbers=None,
    )


def confirmation_canaries(sweep: Sweep, canaries: Mapping[str, PlannedCanary]) -> list[str]:
    """Those of grade 3 (execution stamina) in the sweep's order, else those of its highest grade."""
    grades = {name: canaries[name].grade for name in sweep.canaries}
    wanted = STAMINA_GRADE if STAMINA_GRADE in grades.values() else max(grades.values())
    return [name for name, grade in grades.items() if grade == wanted]


def _changed(baseline: Cell, cell: Cell) -> dict[tuple[str, str], bool]:
    """(kind, name) of what a cell has otherwise than the baseline, and whether it is set there at all."""
    found = {}
    for kind in KINDS:
        before: dict[str, Any] = getattr(baseline, kind)
        after: dict[str, Any] = getattr(cell, kind)
        for name in sorted({*before, *after}):
            if (name in before, before.get(name)) != (name in after, after.get(name)):
                found[kind, name] = name in after
    return found
