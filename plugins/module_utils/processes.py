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
from collections.abc import Iterator
from pathlib import Path

# What a detached process keeps of the caller's environment: never its secrets.
PASSED_ON = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")


def started(pid: int) -> str | None:
    """When this process started, as a token to compare; None when there is none or it is a zombie."""
    if not Path("/proc/self/stat").exists():
        listing = subprocess.run(
            ["ps", "-o", "state=,lstart=", "-p", str(pid)],
            capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
        ).stdout.strip()  # fmt: skip
        return None if not listing or listing.startswith("Z") else listing.split(None, 1)[1]
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the program's name may hold spaces and parentheses
    threads = int(fields[17])  # while one of them ends, memory and ports are still held
    if fields[0] in "ZX" and threads < 2:
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


def named(names: tuple[str, ...]) -> list[tuple[int, str, str]]:
    """The processes whose program has one of these names: (pid, when it started, name). Never this one.

    A program is its file's name; where that is a Python, the name of the script or module it runs. What only mentions
    a name (an editor, a log reader) is not meant.
    """
    found = []
    for pid, programs in _programs():
        name = next((one for one in programs if one in names), None)
        since = started(pid) if name and pid != os.getpid() else None
        if name and since:
            found.append((pid, since, name))
    return found


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


def _programs() -> Iterator[tuple[int, list[str]]]:
    """Each process with the names its program goes by."""
    if not Path("/proc/self/stat").exists():
        yield from programs_of_ps(_ps("pid=,comm="), _ps("pid=,command="))
        return
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                arguments = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                short = (folder / "comm").read_text().rstrip("\n")  # cut off after 15 characters
            except OSError:
                continue  # it ended meanwhile
            yield int(folder.name), [short, *_names(arguments[0], arguments[1:])]


def programs_of_ps(programs: str, commands: str) -> Iterator[tuple[int, list[str]]]:
    """The same from what `ps` says where there is no /proc; a program's path may hold spaces."""
    lines = (line.split(None, 1) for line in commands.splitlines())
    whole = {fields[0]: fields[1] for fields in lines if len(fields) == 2}
    for line in programs.splitlines():
        pid, _unused, program = line.strip().partition(" ")
        if pid.isdecimal() and program.strip():
            program = program.strip()
            rest = whole.get(pid, "")
            yield int(pid), _names(program, (rest[len(program) :] if rest.startswith(program) else rest).split())


def _names(program: str, arguments: list[str]) -> list[str]:
    names = [os.path.basename(program)]
    if names[0].lower().startswith("python"):
        script = next((one for one in arguments if not one.startswith("-")), "")
        names.append(os.path.basename(script))
    return names


def _ps(columns: str) -> str:
    return subprocess.run(["ps", "-axww", "-o", columns], capture_output=True, text=True, check=False).stdout
