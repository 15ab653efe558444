# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for all processes together, as no limit of a single one can; and which limits were seen reached."""

from __future__ import annotations

import os
import resource
import signal

from .words import ORIGIN, WORKSPACE

WATCH_SECONDS = 0.1
# The part of a limit from where on it is said to be reached: some memory is mapped and never used, some processes are
# just being refused.
_NEARLY = 0.9
_SIGNALS = {signal.SIGXFSZ: "file size", signal.SIGXCPU: "cpu"}
_PAGE = os.sysconf("SC_PAGE_SIZE")


def places() -> dict[str, str]:
    """The folders that can be written to, with their names in notes."""
    all_ = {WORKSPACE: "workspace", ORIGIN: "origin", "/tmp": "tmp", os.environ["HOME"]: "home", "/dev/shm": "shm"}
    return {path: name for path, name in all_.items() if os.path.isdir(path)}


class Watch:
    """One command's. `hit` names limits in the words of docs/sandbox.md."""

    def __init__(self, limits: dict[str, int]) -> None:
        self._limits = limits
        self._places = places()
        self._files_before = {path: _files(path) for path in self._places}
        self._hit: set[str] = set()

    @property
    def hit(self) -> list[str]:
        return sorted(self._hit)

    def note(self, limit: str) -> None:
        self._hit.add(limit)

    def is_too_much(self) -> bool:
        """Looks around, while the command runs. Whether all of it has to be ended now."""
        running = _processes()
        self._note_processes(running)
        most = self._limits["memory_bytes"]
        if sum(bytes_ for _pid, _threads, bytes_ in running) > most and sum(map(_share, running)) > most:
            self.note("memory")
            return True
        for path, before in self._files_before.items():
            now = _files(path)
            if now > self._limits["files"] and now > before:
                self.note("files")
                return True
        return False

    def ended(self, status: int, used: resource.struct_rusage) -> None:
        """How one process ended: the status of waitpid, and what it and those it waited for have used."""
        code = os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status) - 128
        for number, limit in _SIGNALS.items():
            if code == number:
                self.note(limit)
        if os.WIFSIGNALED(status) and used.ru_utime + used.ru_stime >= self._limits["cpu_seconds"]:
            self.note("cpu")
        if used.ru_maxrss * 1024 >= _NEARLY * self._limits["memory_bytes"]:
            self.note("memory")

    def look_back(self) -> int:
        """Notes what is full at the end; how many processes there are still."""
        for path, name in self._places.items():
            if is_full(path):
                self.note(f"{name} full")
        running = _processes()
        self._note_processes(running)
        return len(running)

    def _note_processes(self, running: list[tuple[int, int, int]]) -> None:
        if sum(threads for _pid, threads, _bytes in running) >= _NEARLY * self._limits["processes"]:
            self.note("processes")


def is_full(path: str) -> bool:
    return os.statvfs(path).f_bavail == 0


def _files(path: str) -> int:
    status = os.statvfs(path)
    return status.f_files - status.f_ffree


def _processes() -> list[tuple[int, int, int]]:
    """Process id, number of threads and resident bytes of all others in here that are no zombies."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and name != "1":
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue  # gone meanwhile
            if fields[0] not in (b"Z", b"X"):
                found.append((int(name), int(fields[17]), int(fields[21]) * _PAGE))
    return found


def _share(process: tuple[int, int, int]) -> int:
    """A process's resident bytes, of those it shares with others only its part; nothing of one that is gone by now."""
    pid, _threads, resident = process
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except ProcessLookupError:
        return 0
    except OSError:
        pass
    return resident if os.path.exists(f"/proc/{pid}/stat") else 0
