# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's memory, in bytes, as the kernel counts it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ..errors import LabError

MEMINFO = Path("/proc/meminfo")
SETTLED_BYTES = 32 * 1024**2


class MemoryUnreadable(LabError):
    """This host does not tell its memory in a way that is known here."""


def _meminfo() -> dict[str, int]:
    try:
        text = MEMINFO.read_text()
    except OSError as error:
        raise MemoryUnreadable(f"{MEMINFO} cannot be read: {error.strerror}.", "run this on a Linux host") from error
    fields = (line.split() for line in text.splitlines())
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in fields if len(words) == 3}


def total() -> int:
    return _meminfo()["MemTotal"]


def available() -> int:
    """What can be used without swapping: free memory and the caches the kernel would give back."""
    return _meminfo()["MemAvailable"]


def swap() -> tuple[int, int]:
    """Total and free swap."""
    memory = _meminfo()
    return memory["SwapTotal"], memory["SwapFree"]


def wait_until_settled(
    timeout_seconds: float,
    measure: Callable[[], int] = available,
    pause: Callable[[float], object] = time.sleep,
) -> int:
    """Wait while memory is still coming back after an unload, and return what is available then.

    An engine may answer "unloaded" before the driver has given the memory back, so its word is not taken for it.
    """
    before = measure()
    for _unused in range(max(1, round(timeout_seconds / 0.1))):
        pause(0.1)
        now = measure()
        if now - before < SETTLED_BYTES:
            return now
        before = now
    return before
