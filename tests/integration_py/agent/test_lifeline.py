# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever ends the trial's guardians ends the trial, and nothing of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from ansible_collections.local_llm.lab.tests.fakes.scripted_engine import ScriptedEngine, Turn, call

from .conftest import KEY, guardian

GONE_SECONDS = 2.0
# Leaves a daemon behind, as a model's code can, then keeps the tests running.
STAY = """
import os, time, unittest
class Stay(unittest.TestCase):
    def test(self):
        if os.fork() == 0:
            os.setsid()
        time.sleep(600)
"""
PLAN = [call("write_file", path="test_stay.py", content=STAY), call("run_tests")]


def wait_for(condition: Callable[[], bool], seconds: float) -> float:
    """How long it took until the condition held."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "waited in vain"
        time.sleep(0.02)
    return time.monotonic() - began


def below(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def runs_tests_below(pid: int) -> bool:
    """Whether the canary's tests run: their runner, and what it started."""
    return sum("unittest" in shown(one) for one in below(pid)) >= 2


def shown(process: psutil.Process) -> str:
    """What anybody can read of it; nothing when it is gone."""
    try:
        return f"{process.cmdline()} {process.environ()}"
    except psutil.NoSuchProcess:
        return ""


@pytest.fixture
def stand_in() -> Any:
    """A process to be a guardian."""
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("state", ["the model is silent", "a command runs"])
def test_a_killed_guardian_takes_child_sandbox_and_folders_along(state: str, start_trial: Any, stand_in: Any) -> None:
    plan = [PLAN[0], Turn(fault="silent")] if state == "the model is silent" else PLAN
    with ScriptedEngine(plan) as engine:
        trial = start_trial(engine.base_url, "fix_sum", guardians=[guardian(os.getpid()), guardian(stand_in.pid)])
        pid = trial.process.pid
        if state == "a command runs":
            wait_for(lambda: runs_tests_below(pid), 20)
        else:
            assert engine.reached.wait(20)
        everything = [psutil.Process(pid), *below(pid)]
        assert len(everything) >= 3
        assert (trial.scratch / "agent" / "workspace").is_dir()
        stand_in.kill()
        took = wait_for(lambda: not any(map(alive, everything)) and not trial.scratch.exists(), 10)
    assert took < GONE_SECONDS
    assert not (trial.folder / "record.json").exists()


def test_a_killed_child_takes_the_sandbox_along(start_trial: Any) -> None:
    with ScriptedEngine(PLAN) as engine:
        trial = start_trial(engine.base_url, "fix_sum")
        pid = trial.process.pid
        wait_for(lambda: runs_tests_below(pid), 20)
        everything = below(pid)
        trial.process.kill()
        assert wait_for(lambda: not any(map(alive, everything)), 10) < GONE_SECONDS


def test_a_guardian_that_is_dead_or_another_process_by_now_stops_the_start(start_trial: Any) -> None:
    for impostor in ({"pid": os.getpid(), "started": "before"}, {"pid": 2**22 - 1, "started": "before"}):
        with ScriptedEngine([]) as engine:
            trial = start_trial(engine.base_url, guardians=[impostor])
            assert trial.process.wait(20) == 70
            assert not trial.scratch.exists()
            assert engine.requests == []


def test_a_terminated_child_leaves_nothing(start_trial: Any) -> None:
    with ScriptedEngine([Turn(fault="silent")]) as engine:
        trial = start_trial(engine.base_url)
        assert engine.reached.wait(20)
        everything = below(trial.process.pid)
        trial.process.send_signal(signal.SIGTERM)
        assert trial.process.wait(GONE_SECONDS) == 70
        assert not trial.scratch.exists()
        wait_for(lambda: not any(map(alive, everything)), GONE_SECONDS)


# Looks wherever the code under test can: environment, files, other processes.
SNOOP = """
import os, pathlib, unittest
class Snoop(unittest.TestCase):
    def test(self):
        for path in [*pathlib.Path('/proc').glob('*/environ'), *pathlib.Path('/proc').glob('*/cmdline')]:
            try:
                print(path, path.read_bytes())
            except OSError as error:
                print(path, error)
        print(sorted(os.environ.items()))
"""


def test_the_key_is_in_no_file_stream_argument_or_environment(start_trial: Any) -> None:
    plan = [
        call("write_file", path="test_snoop.py", content=SNOOP),
        call("run_tests"),
        call("push", message="m"),
        Turn(fault="silent"),
    ]
    with ScriptedEngine(plan) as engine:
        trial = start_trial(engine.base_url, "fix_sum", silence_seconds=3.0)
        assert engine.reached.wait(20)
        for process in [psutil.Process(trial.process.pid), *below(trial.process.pid)]:
            assert KEY not in shown(process)
        out, _unused = trial.process.communicate(timeout=30)
        assert engine.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert KEY.encode() not in out
    files = [path for path in trial.folder.rglob("*") if path.is_file()]
    assert {"transcript.jsonl", "record.json", "diff.patch"} <= {path.name for path in files}
    for path in files:
        assert KEY.encode() not in path.read_bytes(), path
    assert "PYTHONHASHSEED" in (trial.folder / "transcript.jsonl").read_text()


def test_artifacts_do_not_depend_on_a_working_directory(start_trial: Any, tmp_path: Path) -> None:
    with ScriptedEngine([call("submit")]) as engine:
        record = start_trial(engine.base_url, budgets={"turns": 1}).record()
    assert record["outcome"] == "failed"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artifacts-0"]
