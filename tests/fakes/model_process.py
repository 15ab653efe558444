# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for an engine's runner: a process that really takes the memory its model would, and nothing else."""

from __future__ import annotations

import subprocess
import sys

HOLD = (
    "import mmap, sys\n"
    "taken = mmap.mmap(-1, int(sys.argv[1]))\n"
    "for at in range(0, len(taken), mmap.PAGESIZE): taken[at] = 1\n"
    "print(flush=True)\n"
    "sys.stdin.read()\n"  # ends with whoever started it
)


class ModelProcess:
    """`resident_bytes` of this machine's memory are gone until `end`: once it is made, or soon where nobody waits."""

    def __init__(self, name: str, resident_bytes: int, wait: bool = True) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", HOLD, str(resident_bytes), f"simulated-model-{name}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        if wait:
            self.process.stdout.readline()

    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """As the kernel's out-of-memory killer ends it."""
        self.process.kill()
        self.process.communicate()
