# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill it at any moment, run it again: every trial exactly once, and nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import time

import psutil
import pytest

from .conftest import Folder

KILLS = 20 if os.environ.get("LAB_NIGHTLY") else 5
LONGEST_SECONDS = 12.0
DONE = "SELECT COUNT(*) FROM trials WHERE state = 'done'"
PLANNED = [("anchor", 2), ("measure", 20), ("warm_up", 1)]


@pytest.mark.timeout(900)
def test_killed_at_random_moments_a_sweep_still_runs_every_trial_exactly_once(folder: Folder) -> None:
    moments = random.Random(20261123)
    folder.sweep["factors"] = {"temperature": [0.0, 0.6, 0.9]}
    folder.sweep["replicates"] = 5
    folder.write()
    for _unused in range(KILLS):
        process = folder.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moments.uniform(0.2, LONGEST_SECONDS))
        _kill_one_or_all(process, moments)
    code, output = folder.run()
    assert code == 0, output

    assert folder.rows("SELECT purpose, COUNT(*) FROM trials GROUP BY purpose ORDER BY purpose") == PLANNED
    assert folder.rows("SELECT DISTINCT state FROM trials") == [("done",)]
    assert folder.rows("SELECT DISTINCT state FROM cells") == [("complete",)]
    assert folder.rows("SELECT trial FROM attempts WHERE state = 'done' GROUP BY trial HAVING COUNT(*) > 1") == []
    assert folder.rows("SELECT COUNT(*) FROM attempts WHERE state = 'running'") == [(0,)]
    assert not [process.cmdline() for process in folder.processes()]
    assert not [path for path in (folder.home / "scratch").rglob("*") if path.is_file()]
    assert not list(folder.home.rglob("*.tmp"))
    for path in folder.home.glob("trials/*/*/*/transcript.jsonl"):
        for line in path.read_text().splitlines():
            json.loads(line)
    for path in folder.home.glob("trials/*/*/*/record.json"):
        json.loads(path.read_text())


def test_what_a_run_killed_after_its_last_trial_holds_is_let_go_by_the_next(folder: Folder) -> None:
    folder.write()
    process = folder.start()
    deadline = time.monotonic() + 240
    while _done(folder) < 6 + 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    for victim in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
        victim.send_signal(signal.SIGKILL)
    process.communicate()
    assert folder.processes(), "the keeper and the engine were to outlive the run"
    code, output = folder.run()
    assert code == 0 and _done(folder) == 6 + 3, output
    assert not [process.cmdline() for process in folder.processes()]


def test_an_engine_killed_in_a_trial_voids_it_and_the_trial_runs_again(folder: Folder) -> None:
    folder.sweep["budgets"] = {"turns": 12, "completion_tokens": 256}
    folder.write()
    process = folder.start()
    engine = _engine_in_a_trial(folder)
    engine.kill()
    output, _unused = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert "void/engine_error" in output
    assert folder.rows(f"{DONE} AND purpose = 'measure' AND stage = 'screen'") == [(6,)]
    assert folder.rows("SELECT COUNT(*) FROM attempts WHERE state = 'void'") == [(1,)]


def _done(folder: Folder) -> int:
    try:
        return int(folder.rows(DONE)[0][0])
    except sqlite3.OperationalError:  # there is no store yet
        return 0


def _kill_one_or_all(process: subprocess.Popen[str], moments: random.Random) -> None:
    """SIGKILL to the script, to ansible-playbook, to a trial, or to all of them at once."""
    try:
        script = psutil.Process(process.pid)
        family = [script, *script.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    victims = family if moments.random() < 0.3 else [moments.choice(family)]
    for victim in victims:
        try:
            victim.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
    if script not in victims:
        script.send_signal(signal.SIGKILL)
    process.communicate()


def _engine_in_a_trial(folder: Folder) -> psutil.Process:
    """The process that listens on the engine's port, once a trial has had its first turn."""
    deadline = time.monotonic() + 120
    progress = folder.home / "progress" / "embedded.json"
    while time.monotonic() < deadline:
        if progress.exists() and json.loads(progress.read_text()).get("phase") not in (None, "layout"):
            for connection in psutil.net_connections("tcp"):
                if connection.laddr.port == folder.port and connection.status == "LISTEN":
                    return psutil.Process(connection.pid)
        time.sleep(0.05)
    raise AssertionError("no trial had a turn within two minutes")
