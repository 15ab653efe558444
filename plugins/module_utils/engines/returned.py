# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the memory of an unloaded model really came back. An engine's word is not taken for it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from .. import memory
from .base import Engine, Instance, MemoryKept
from .turn import Turn

SETTLE_SECONDS = 10.0
SAMPLE_SECONDS = 0.1
RISE_BYTES = 32 * 1024**2  # less than this is other programs' coming and going
TOLERANCE_BYTES = 256 * 1024**2
TOLERANCE_SHARE = 0.1


def wait_for_return(engine: Engine, held: Turn, unloaded: Iterable[Instance], before_bytes: int) -> None:
    """Wait until what was unloaded is back; MemoryKept when it is not, and nothing has come back for SETTLE_SECONDS.

    `before_bytes` was available while it was loaded.
    """
    held_bytes = sum(_held_bytes(held, one) for one in unloaded)
    wanted_bytes = before_bytes + held_bytes - tolerance_bytes(held_bytes)
    available_bytes = best_bytes = memory.wait_until_settled(SETTLE_SECONDS)
    still_since = time.monotonic()
    while available_bytes < wanted_bytes and time.monotonic() - still_since < SETTLE_SECONDS:
        time.sleep(SAMPLE_SECONDS)
        available_bytes = memory.available()
        if available_bytes > best_bytes + RISE_BYTES:
            best_bytes, still_since = available_bytes, time.monotonic()
    if available_bytes < wanted_bytes:
        held.note_missing({"expected_bytes": wanted_bytes, "held_bytes": held_bytes})
        raise _memory_kept(engine, held, available_bytes)


def note_left_over(held: Turn, free_bytes: int, predicted_bytes: int) -> None:
    """After a failed load: what is still taken of what it was to take stands in the way of the next one.

    Less than a quarter of it is taken for other programs' doing.
    """
    wanted_bytes = free_bytes - max(tolerance_bytes(predicted_bytes), predicted_bytes // 4)
    if memory.available() >= wanted_bytes or memory.wait_until_settled(SETTLE_SECONDS) >= wanted_bytes:
        return
    held.note_missing({"expected_bytes": wanted_bytes, "held_bytes": predicted_bytes})


def refuse_while_missing(engine: Engine, held: Turn) -> None:
    """MemoryKept for as long as what an earlier unload left is not back: else the next load would come on top of it."""
    if not held.missing:
        return
    available_bytes = memory.available()
    if available_bytes < held.missing["expected_bytes"]:
        raise _memory_kept(engine, held, available_bytes)
    held.note_missing({})


def tolerance_bytes(held_bytes: int) -> int:
    return max(TOLERANCE_BYTES, int(held_bytes * TOLERANCE_SHARE))


def _held_bytes(held: Turn, instance: Instance) -> int:
    """What has to come back: what the load took where it was ours.

    Of a load that was not ours, the engine's number without the weights: as pages of the file, those may be available
    memory all the time.
    """
    took = held.took(instance)
    if took is not None:
        return took
    try:
        return max(0, (instance.resident_bytes or 0) - os.stat(instance.path).st_size)
    except OSError:
        return 0


def _memory_kept(engine: Engine, held: Turn, available_bytes: int) -> MemoryKept:
    missing = held.missing
    kept_bytes = missing["expected_bytes"] - available_bytes
    names = " or ".join(engine.processes) or "the engine"
    return MemoryKept(
        f"The engine says that the model is unloaded, and of the {_gib(missing['held_bytes'])} it held more than "
        f"{_gib(kept_bytes)} did not come back: {_gib(available_bytes)} are available.",
        f"restart the engine ({names}); if another program has taken that memory since, forget it with: rm {held.path}",
        {**missing, "available_bytes": available_bytes, "kept_bytes": kept_bytes},
    )


def _gib(count: int) -> str:
    return f"{count / 1024**3:.2f} GiB"
