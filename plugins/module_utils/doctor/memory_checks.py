# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's memory now: the floor, the pressure, blocks large enough for a GPU, and swap."""

from __future__ import annotations

from dataclasses import dataclass

from .. import memory
from .commands import RESTART, service_key, service_values
from .finding import Check, Finding
from .host import Host
from .look import Look, gib
from .subject import Subject

GIB = 1024**3
PRESSURE_PERCENT = 10.0  # of the last ten seconds, in which everything waited
UNPRESSED_PERCENT = 10
HUGE_BLOCKS_BYTES = 8 * GIB
SWAP_USED_BYTES = GIB // 2
SWAP_BYTES = 8 * GIB
LARGEST_SWAP_BYTES = 16 * GIB

NEW_SWAP = "sudo chmod 600 {file} && sudo mkswap {file} && sudo swapon {file}"
MAKE_SWAP = "sudo fallocate -l 8G {file} && " + NEW_SWAP

FLOOR = Check("memory_floor", "available memory against the keeper's floor (lab_floor_bytes)", RESTART)
PRESSURE = Check("memory_pressure", "/proc/pressure/memory; on macOS memory_pressure", RESTART)
BLOCKS = Check(
    "huge_blocks",
    "GB10: free memory in blocks of 2 MiB, which CUDA needs and the page cache cuts up (/proc/buddyinfo)",
    {"compact": "sudo sysctl -w vm.drop_caches=3 && sudo sysctl -w vm.compact_memory=1"},
)
SWAP = Check(
    "swap",
    "swap in use, absent, or so large that a host hangs for minutes before anything is ended",
    {
        "empty": "sudo swapoff -a && sudo swapon -a",
        "empty_darwin": "sudo purge",
        "add": MAKE_SWAP,
        "shrink_file": "sudo swapoff {file} && sudo truncate -s 8G {file} && " + NEW_SWAP,
        "replace": "sudo swapoff {device} && sudo sed -i.before 's|^{device}\\b|#&|' {fstab} && " + MAKE_SWAP,
    },
)


@dataclass(frozen=True)
class MemorySeen:
    """`swaps`: (path, is a file, bytes) of each swap area."""

    now: memory.Reading
    swaps: tuple[tuple[str, bool, int], ...] = ()


def gather(look: Look, host: Host) -> MemorySeen:
    return MemorySeen(memory.reading(), tuple(parse_swaps(look.text("/proc/swaps") or "")))


def parse_swaps(text: str) -> list[tuple[str, bool, int]]:
    """/proc/swaps; sizes are in KiB."""
    rows = (line.split() for line in text.splitlines()[1:])
    return [(row[0], row[1] == "file", int(row[2]) * 1024) for row in rows if len(row) == 5 and row[2].isdigit()]


def floor(seen: MemorySeen, host: Host) -> Finding:
    available = seen.now.available_bytes
    if not host.floor_bytes:
        return FLOOR.ok(f"{gib(available)} available, no floor is asked for")
    evidence = f"{gib(available)} available, the floor is {gib(host.floor_bytes)}"
    return FLOOR.fail(evidence, _restart(FLOOR, host)) if available < host.floor_bytes else FLOOR.ok(evidence)


def pressure(seen: MemorySeen, host: Host) -> Finding:
    full, unpressed = seen.now.psi_full_avg10, seen.now.unpressed_percent
    if unpressed is not None:
        evidence = f"macOS sees {unpressed} % free of pressure"
        return (
            PRESSURE.warn(evidence, _restart(PRESSURE, host))
            if unpressed < UNPRESSED_PERCENT
            else PRESSURE.ok(evidence)
        )
    if full is None:
        return PRESSURE.unknown("this kernel does not tell (started without psi=1)")
    evidence = f"everything waited for memory in {full:g} % of the last ten seconds"
    return PRESSURE.warn(evidence, _restart(PRESSURE, host)) if full >= PRESSURE_PERCENT else PRESSURE.ok(evidence)


def _restart(check: Check, host: Host) -> str:
    """An engine that is started anew holds nothing."""
    return check.command(service_key(host), **service_values(host))


def huge_blocks(seen: MemorySeen, host: Host) -> Finding:
    free, available = seen.now.huge_block_free_bytes, seen.now.available_bytes
    if host.darwin or not host.unified_gpu:
        return BLOCKS.ok("the GPU does not take its memory from this pool")
    if free is None:
        return BLOCKS.unknown("/proc/buddyinfo cannot be read: newer kernels show it to root only")
    evidence = f"{gib(free)} in blocks of 2 MiB, {gib(available)} available"
    if free < HUGE_BLOCKS_BYTES < available:
        return BLOCKS.warn(evidence, BLOCKS.command("compact"))
    return BLOCKS.ok(evidence)


def swap(seen: MemorySeen, host: Host) -> Finding:
    total = seen.now.swap_total_bytes
    used = total - seen.now.swap_free_bytes
    evidence = f"{gib(used)} of {gib(total)} in use"
    if used > SWAP_USED_BYTES:
        return SWAP.warn(
            f"{evidence}: what is swapped out is slow", SWAP.command("empty_darwin" if host.darwin else "empty")
        )
    if host.darwin:
        return SWAP.ok(evidence)
    if not total:
        return SWAP.warn("none: a moment's peak ends a process at once", SWAP.command("add", file="/swapfile"))
    if total > LARGEST_SWAP_BYTES:
        return SWAP.warn(
            f"{evidence}: a host that is out of memory hangs for long before anything is ended", _shrink(seen)
        )
    return SWAP.ok(evidence)


def _shrink(seen: MemorySeen) -> str:
    if not seen.swaps:
        return SWAP.command("empty")
    path, is_file, _size = max(seen.swaps, key=lambda one: one[2])
    if is_file:
        return SWAP.command("shrink_file", file=path)
    return SWAP.command("replace", device=path, fstab="/etc/fstab", file="/swapfile")


SUBJECT = Subject(gather, ((FLOOR, floor), (PRESSURE, pressure), (BLOCKS, huge_blocks), (SWAP, swap)))
