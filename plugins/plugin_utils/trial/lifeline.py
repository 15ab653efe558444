# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a guardian dies, the trial ends: every process of it, its folder, then itself.

Nothing else can do that: a signal to ansible-playbook skips `always:` and `finally`.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ...module_utils.processes import is_alive
from ...module_utils.processes import started as process_started
from .spec import Guardian

__all__ = ["Lifeline", "process_started"]

EXIT_CODE = 70
POLL_SECONDS = 0.5
CLEAN_SECONDS = 5.0


class Lifeline:
    """Watches from a thread. `end()` may also be called from anywhere, it does not return."""

    def __init__(self, guardians: Sequence[Guardian], remove: Callable[[], None], scratch: Path) -> None:
        self._guardians = guardians
        self._remove, self._scratch = remove, scratch
        self._ending = threading.Event()
        self._handles = [_pidfd(guardian.pid) for guardian in guardians]
        # Compared after the handle is there: from then on the process id cannot change hands unseen.
        if not self._all_alive():
            self.end()
        threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    def _all_alive(self) -> bool:
        return all(is_alive(one.pid, one.started) for one in self._guardians)

    def _watch(self) -> None:
        if all(handle is not None for handle in self._handles):
            poller = select.poll()
            for handle in self._handles:
                poller.register(handle, select.POLLIN)  # type: ignore[arg-type]
            while not poller.poll():
                pass
        else:
            while self._all_alive():
                time.sleep(POLL_SECONDS)
        self.end()

    def hold_if_ending(self) -> None:
        """Called by the main thread before it tells or records: what it sees of an end is no result of the trial."""
        while self._ending.is_set() and threading.current_thread() is threading.main_thread():
            time.sleep(POLL_SECONDS)

    def end(self) -> None:
        """Kill, clean, exit. Repeated, because the main thread goes on making processes and files until the exit."""
        self._ending.set()
        deadline = time.monotonic() + CLEAN_SECONDS
        while time.monotonic() < deadline:
            for pid in _descendants():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                self._remove()
            if not self._scratch.exists() and not _descendants():
                break
            time.sleep(0.02)
        os._exit(EXIT_CODE)


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _descendants() -> list[int]:
    """All living processes below this one, the nearest first."""
    children: dict[int, list[int]] = {}
    for pid, parent in _processes():
        children.setdefault(parent, []).append(pid)
    found = list(children.get(os.getpid(), ()))
    for pid in found:
        found += children.get(pid, ())
    return found


def _processes() -> list[tuple[int, int]]:
    """Process id and parent of all that are no zombies."""
    if not Path("/proc/self/stat").exists():
        listing = subprocess.run(["ps", "-axo", "pid=,ppid=,state="], capture_output=True, text=True, check=False)
        rows = [line.split() for line in listing.stdout.splitlines()]
        # ps lists itself; it is gone by now.
        return [(int(row[0]), int(row[1])) for row in rows if not row[2].startswith("Z") and _exists(int(row[0]))]
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{name}/stat").read_text(errors="replace").rpartition(")")[2].split()
                if fields[0] not in "ZX":
                    found.append((int(name), int(fields[1])))
    return found


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
