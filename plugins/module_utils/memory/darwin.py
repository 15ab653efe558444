# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of a Mac, from its own tools. Parsers are pure: text in, numbers out, MemoryUnreadable otherwise.

What counts as available is what Activity Monitor shows as free and as cached files: `Pages free`, `File-backed pages`
(which hold the speculative ones) and `Pages purgeable`. macOS gives these back without writing anything. Not counted:
wired pages (a model on the GPU is wired), what the compressor occupies, and anonymous pages, active or inactive: they
can only be compressed or swapped out, so a model that needed them would push the host into swap. The kernel's own
`System-wide memory free percentage` does count them (XNU, osfmk/vm/vm_page.h, AVAILABLE_NON_COMPRESSED_MEMORY: active,
inactive, free, speculative), so it says how near the pressure is, and never how large a model may be.
"""

from __future__ import annotations

import os
import re
import subprocess

from .base import MemoryUnreadable, Reading

UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
NEEDED = (
    "Pages free", "File-backed pages", "Anonymous pages", "Pages purgeable", "Pages wired down",
    "Pages occupied by compressor",
)  # fmt: skip
TOOL_SECONDS = 2  # the keeper sees nothing and answers nobody meanwhile


def parse_vm_stat(text: str) -> dict[str, int]:
    """`vm_stat`: bytes of each kind of page."""
    size = re.search(r"\(page size of (\d+) bytes\)", text)
    counts = {name: int(count) for name, count in re.findall(r'^"?([^":\n]+)"?: +(\d+)\.?$', text, re.MULTILINE)}
    missing = [name for name in NEEDED if name not in counts]
    if not size or missing:
        raise MemoryUnreadable(
            f"vm_stat does not tell {missing[0] if missing else 'its page size'}.", "macOS 10.9 or newer is needed"
        )
    return {name: count * int(size[1]) for name, count in counts.items()}


def parse_sysctl(text: str) -> tuple[int, int, int]:
    """`sysctl hw.memsize vm.swapusage`: the host's memory, its swap and what of that is free, in bytes."""
    size = re.search(r"^hw\.memsize: (\d+)$", text, re.MULTILINE)
    # Under some locales the decimal point is a comma.
    amount = r"= (\d+(?:[.,]\d+)?)([KMGT])"
    swap = re.search(rf"^vm\.swapusage: total {amount}\s+used {amount}\s+free {amount}", text, re.MULTILINE)
    if not size or not swap:
        raise MemoryUnreadable("sysctl does not tell hw.memsize and vm.swapusage.", "run this on macOS")
    return int(size[1]), _amount(swap[1], swap[2]), _amount(swap[5], swap[6])


def parse_memory_pressure(text: str) -> int:
    """`memory_pressure -Q`: the percentage in its last line."""
    found = re.search(r"^System-wide memory free percentage: (\d+)%\s*$", text, re.MULTILINE)
    if not found or int(found[1]) > 100:
        raise MemoryUnreadable("memory_pressure does not tell a percentage.", "run this on macOS 10.9 or newer")
    return int(found[1])


def read() -> Reading:
    pages = parse_vm_stat(_run("vm_stat"))
    total_bytes, swap_total_bytes, swap_free_bytes = parse_sysctl(_run("sysctl", "hw.memsize", "vm.swapusage"))
    try:
        unpressed = parse_memory_pressure(_run("memory_pressure", "-Q"))
    except MemoryUnreadable:
        unpressed = None  # the rest is what the guard lives on
    given = sum(pages[name] for name in NEEDED if name not in ("Pages purgeable", "Pages wired down"))
    return Reading(
        total_bytes=total_bytes,
        available_bytes=_available(pages),
        free_bytes=pages["Pages free"],
        os_bytes=max(0, total_bytes - given),
        swap_total_bytes=swap_total_bytes,
        swap_free_bytes=swap_free_bytes,
        unpressed_percent=unpressed,
    )


def available() -> int:
    return _available(parse_vm_stat(_run("vm_stat")))


def _available(pages: dict[str, int]) -> int:
    return pages["Pages free"] + pages["File-backed pages"] + pages["Pages purgeable"]


def _amount(number: str, unit: str) -> int:
    return round(float(number.replace(",", ".")) * UNITS[unit])


def _run(*command: str) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=TOOL_SECONDS, env={**os.environ, "LC_ALL": "C"}
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise MemoryUnreadable(f"{' '.join(command)} does not answer: {error}.", "run this on macOS") from error
