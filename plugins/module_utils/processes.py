# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes by who they are: a process id alone may belong to another process by the time it is used."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

# What a detached process keeps of the caller's environment: never its secrets.
PASSED_ON = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")


def started(pid: int) -> str | None:
    """When this process started, as a token to compare; None when there is none or it is a zombie."""
    if not Path("/proc/self/stat").exists():
        listing = subprocess.run(
            ["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout.strip()
        return None if not listing or listing.startswith("Z") else listing.split(None, 1)[1]
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the program's name may hold spaces and parentheses
    if fields[0] in "ZX":
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    return f"{boot}:{fields[19]}"


def is_alive(pid: int, since: str | None) -> bool:
    """Whether exactly that process still runs."""
    return since is not None and started(pid) == since


def stop(pid: int, since: str | None, grace_seconds: float) -> bool:
    """End that process and wait until it is gone; False when even SIGKILL did not end it in time."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not is_alive(pid, since):
            return True
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        end = time.monotonic() + grace_seconds
        while time.monotonic() < end:
            if not is_alive(pid, since):
                return True
            time.sleep(0.02)
    return not is_alive(pid, since)


def resident_bytes(pid: int) -> int | None:
    """The resident memory of a process where the system tells, shared file pages included."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return None


def minimal_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


def with_arguments(arguments: list[str]) -> list[int]:
    """The processes that were started with exactly these arguments, where the system tells; never this one."""
    wanted = b"\0".join(one.encode() for one in arguments) + b"\0"
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if arguments and (folder / "cmdline").read_bytes() == wanted and int(folder.name) != os.getpid():
                found.append(int(folder.name))
    return found
