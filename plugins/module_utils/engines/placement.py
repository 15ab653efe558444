# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a host to exactly one model, or to none, and saying what that took."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .. import gguf, memory
from .base import Engine, Instance, LoadRequest

SETTLE_SECONDS = 10.0


@dataclass(frozen=True)
class Placement:
    """What is loaded now. Without an `instance` the load was refused, or is only predicted (check mode)."""

    changed: bool
    admission: memory.Admission
    unloaded: tuple[str, ...] = ()
    instance: Instance | None = None
    load_seconds: float | None = None


def place(
    engine: Engine,
    request: LoadRequest,
    reserve_bytes: int,
    overhead_bytes: int,
    timeout_seconds: float,
    check: bool = False,
) -> Placement:
    """Have exactly this model loaded under exactly this load config.

    What is there already stays. Otherwise: unload everything, wait until its memory is back, ask for admission, load,
    read back. A refused load leaves the host empty.
    """
    shape = gguf.shape_of(
        gguf.read_model(request.path)
    )  # first of all: a file that cannot be loaded must not cost what is loaded
    predicted = gguf.predicted_bytes(shape, request.context_tokens, request.parallel, request.kv_type, overhead_bytes)
    there = engine.loaded()
    unloaded = tuple(one.id for one in there)
    free_without = memory.available() + sum(one.resident_bytes or 0 for one in there)
    admission = memory.admit(predicted, free_without, reserve_bytes)
    if admission.admitted and len(there) == 1 and engine.serves(there[0], request):
        return Placement(False, admission, instance=there[0])
    if check:
        return Placement(bool(unloaded) or admission.admitted, admission, unloaded)
    engine.unload_all()
    free = memory.wait_until_settled(SETTLE_SECONDS) if unloaded else memory.available()
    admission = memory.admit(predicted, free, reserve_bytes)
    if not admission.admitted:
        return Placement(bool(unloaded), admission, unloaded)
    begin = time.monotonic()
    instance = engine.load(request, timeout_seconds)
    return Placement(True, admission, unloaded, instance, round(time.monotonic() - begin, 3))


def clear(engine: Engine, check: bool = False) -> tuple[str, ...]:
    """Have nothing loaded; returns what was unloaded."""
    there = engine.loaded()
    if there and not check:
        engine.unload_all()
        memory.wait_until_settled(SETTLE_SECONDS)
    return tuple(one.id for one in there)
