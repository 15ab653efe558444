# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Begin a session, also right after the one before was killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...module_utils.files import read_json, write_whole
from ...module_utils.processes import is_alive, started
from ..store import Store, SweepRunning

ENDING_SECONDS = 10.0


@dataclass(frozen=True)
class Session:
    """One run of the playbook: the process `pid`, and the script that started it (pid, started) if there was one."""

    sweep: str
    controller: str
    pid: int
    script: dict[str, Any] | None


def enter(store: Store, lab_home: Path, session: Session) -> str:
    """Begin the session and return its id; SweepRunning while another run of the sweep is alive and wanted.

    A killed run gets a moment to end. One whose script is dead and that does not end is ended: ansible-playbook waits
    for ever for a worker that was killed.
    """
    note = lab_home / "sessions" / f"{session.sweep}.json"
    note.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + ENDING_SECONDS
    while True:
        try:
            begun = store.begin_session(session.sweep, session.controller, session.pid, str(started(session.pid)))
        except SweepRunning as running:
            if not _is_headless(note, running.pid):
                raise
            if time.monotonic() > until:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(running.pid, signal.SIGKILL)
            time.sleep(0.2)
        else:
            write_whole(note, json.dumps({"pid": session.pid, "script": session.script}).encode())
            return begun.id


def _is_headless(note: Path, pid: int) -> bool:
    """Whether that run was started by a script that is gone."""
    run = read_json(note) or {}
    script = run.get("script") or {}
    return run.get("pid") == pid and bool(script) and not is_alive(int(script["pid"]), script["started"])
