# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of a Linux host, from /proc. Parsers are pure: text in, numbers out, MemoryUnreadable otherwise."""

from __future__ import annotations

import os
import re
from pathlib import Path

from .base import MemoryUnreadable, Reading

PROC = Path("/proc")
HUGE_BLOCK_BYTES = 2 * 1024**2
# What the kernel holds for itself. Page tables and stacks go with their processes, but never to a model.
KERNELS_OWN = ("SUnreclaim", "KernelStack", "PageTables", "SecPageTables", "Percpu")
REMEDY = "run this on a Linux host with /proc mounted, kernel 3.14 or newer"


def parse_meminfo(text: str) -> dict[str, int]:
    """/proc/meminfo in bytes; counts that have no unit are left out, but for the pool of huge pages."""
    fields = re.findall(r"^(\S+):\s+(\d+)(?: (kB))?$", text, re.MULTILINE)
    found = {name: int(count) * 1024 for name, count, unit in fields if unit}
    for name in ("MemTotal", "MemFree", "MemAvailable", "SwapTotal", "SwapFree"):
        if name not in found:
            raise MemoryUnreadable(f"/proc/meminfo has no {name}.", REMEDY)
    pages = next((int(count) for name, count, unit in fields if name == "HugePages_Total" and not unit), 0)
    return {**found, "HugePool": pages * found.get("Hugepagesize", 0)}


def parse_pressure(text: str) -> tuple[float, float]:
    """/proc/pressure/memory: avg10 of `some` and of `full`, in percent."""
    found = dict(re.findall(r"^(some|full) avg10=(\d+(?:\.\d+)?) ", text, re.MULTILINE))
    if len(found) != 2:
        raise MemoryUnreadable("/proc/pressure/memory is not as the kernel documents it.", "report its text")
    return float(found["some"]), float(found["full"])


def parse_buddyinfo(text: str, page_bytes: int) -> int:
    """/proc/buddyinfo: the free bytes in blocks of at least 2 MiB; column n counts blocks of 2^n pages."""
    zones = re.findall(r"^Node +\d+, +zone +\S+((?: +\d+)+) *$", text, re.MULTILINE)
    if not zones or len(zones) != len(text.split("\n")) - text.endswith("\n"):
        raise MemoryUnreadable("/proc/buddyinfo is not as the kernel documents it.", "report its text")
    return sum(
        int(count) * (page_bytes << order)
        for zone in zones
        for order, count in enumerate(zone.split())
        if page_bytes << order >= HUGE_BLOCK_BYTES
    )


def read() -> Reading:
    memory = meminfo()
    some, full = _pressure()
    return Reading(
        total_bytes=memory["MemTotal"],
        available_bytes=memory["MemAvailable"],
        free_bytes=memory["MemFree"],
        os_bytes=memory["HugePool"] + sum(memory.get(name, 0) for name in KERNELS_OWN),
        swap_total_bytes=memory["SwapTotal"],
        swap_free_bytes=memory["SwapFree"],
        huge_block_free_bytes=_huge_block_free_bytes(),
        psi_some_avg10=some,
        psi_full_avg10=full,
    )


def meminfo() -> dict[str, int]:
    try:
        return parse_meminfo((PROC / "meminfo").read_text())
    except OSError as error:
        raise MemoryUnreadable(f"{PROC / 'meminfo'} cannot be read: {error.strerror}.", REMEDY) from error


def _pressure() -> tuple[float | None, float | None]:
    try:
        return parse_pressure((PROC / "pressure" / "memory").read_text())
    except (OSError, MemoryUnreadable):  # a kernel without it, or started with psi=0
        return None, None


def _huge_block_free_bytes() -> int | None:
    try:
        return parse_buddyinfo((PROC / "buddyinfo").read_text(), os.sysconf("SC_PAGE_SIZE"))
    except (OSError, MemoryUnreadable):  # newer kernels show it to root only
        return None
