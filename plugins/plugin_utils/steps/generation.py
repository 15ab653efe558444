# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generation of a sweep that a person names, or the newest one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, cast

from ...module_utils.errors import LabError
from ..store import Generation, Store


class NoGeneration(LabError):
    """The store has no such sweep, or no such generation of it."""


class NotComplete(LabError):
    """A generation with trials left: a rate read before its end is easily the wrong one."""


def find(store: Store, sweep: str, number: int | None) -> Generation:
    known = store.generations(sweep)
    if not known:
        raise NoGeneration(
            f"The store has no sweep {sweep}.", "give the name in the sweep file (not its path), and run it first"
        )
    found = next((one for one in known if number in (None, one.number)), None) if number else known[-1]
    if found is None:
        numbers = ", ".join(str(one.number) for one in known)
        raise NoGeneration(f"The sweep {sweep} has no generation {number}.", f"it has: {numbers}")
    return found


def newest_recorded(store: Store, sweep: str, before: int | None = None) -> Generation | None:
    """The newest generation, or the newest before a number, of which anything is recorded."""
    for one in reversed(store.generations(sweep)):
        progress = store.progress(cast(int, one.id)) if before is None or one.number < before else None
        if progress and progress["done"] > progress["closed"]:
            return one
    return None


def read(store: Store, generation: Generation, interim: bool) -> dict[str, Any]:
    """Its summary; NotComplete where trials are left, unless what there is will do."""
    with streamed(store, generation, interim) as summary:
        return summary | {"trials": list(summary["trials"])}


@contextlib.contextmanager
def streamed(store: Store, generation: Generation, interim: bool) -> Iterator[dict[str, Any]]:
    """As `read`, its trials to be gone through once: they may take more memory than there is."""
    if generation.state != "complete" and not interim:
        raise NotComplete(
            f"Generation {generation.number} of the sweep {generation.sweep} is {generation.state}: "
            f"{whats_left(store, generation)}.",
            "run the sweep to its end, or look at what there is with: -e interim=true",
        )
    with store.streamed(cast(int, generation.id)) as summary:
        yield summary


def whats_left(store: Store, generation: Generation) -> str:
    """Of a generation that is not complete: trials that wait, or a look at those that are done."""
    left = store.progress(cast(int, generation.id))["left"]
    return f"{left} of its trials are left" if left else "all its trials are done, what they showed is to be looked at"
