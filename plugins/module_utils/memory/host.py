# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's memory, in bytes, as its own system counts it."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable

from . import darwin, linux
from .base import Reading

SETTLED_BYTES = 32 * 1024**2


def reading() -> Reading:
    """Everything this system tells, at once."""
    return darwin.read() if _is_darwin() else linux.read()


def total() -> int:
    return reading().total_bytes


def available() -> int:
    """What can be used without swapping: free memory and the caches the kernel would give back."""
    return darwin.available() if _is_darwin() else linux.meminfo()["MemAvailable"]


def swap() -> tuple[int, int]:
    """Total and free swap."""
    now = reading()
    return now.swap_total_bytes, now.swap_free_bytes


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


def _is_darwin() -> bool:
    return platform.system() == "Darwin"
