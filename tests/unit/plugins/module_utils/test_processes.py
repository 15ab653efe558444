# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes by who they are."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils import processes

WAIT = "import sys; print('up', flush=True); sys.stdin.read()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + WAIT


@pytest.fixture(params=[WAIT, STUBBORN], ids=["polite", "stubborn"])
def child(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-c", request.param], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        yield process
        process.kill()


def test_stop_ends_it_even_when_it_ignores_sigterm(child: subprocess.Popen[bytes]) -> None:
    assert processes.stop(child.pid, processes.started(child.pid), grace_seconds=0.5)
    assert child.wait(timeout=5) in (-signal.SIGTERM, -signal.SIGKILL)


def test_another_process_with_the_same_id_is_left_alone(child: subprocess.Popen[bytes]) -> None:
    assert not processes.is_alive(child.pid, "another:1")
    assert processes.stop(child.pid, "another:1", grace_seconds=0.1)
    assert child.poll() is None


def test_a_zombie_is_gone(child: subprocess.Popen[bytes]) -> None:
    since = processes.started(child.pid)
    assert processes.is_alive(child.pid, since)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not processes.is_alive(child.pid, since)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere ps does not tell")
def test_a_process_whose_first_thread_has_ended_is_there_as_long_as_another_runs() -> None:
    leave = 60 if platform.machine() == "x86_64" else 93  # exit, of this thread alone
    leaves = f"import ctypes, threading; threading.Thread(target=input).start(); ctypes.CDLL(None).syscall({leave}, 0)"
    with subprocess.Popen([sys.executable, "-c", leaves], stdin=subprocess.PIPE) as process:
        since, end = processes.started(process.pid), time.monotonic() + 30
        stat = Path(f"/proc/{process.pid}/stat")
        while ") Z " not in stat.read_text() and time.monotonic() < end:
            time.sleep(0.01)
        assert ") Z " in stat.read_text()
        assert processes.is_alive(process.pid, since)
        assert processes.stop(process.pid, since, grace_seconds=5)


def test_a_detached_process_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_API_KEY", "secret")
    assert "secret" not in processes.minimal_environment().values()


def test_a_program_is_found_by_its_name_and_nothing_that_only_mentions_it(tmp_path: Path) -> None:
    name = f"engine-{os.getpid()}.py"
    script = tmp_path / name
    script.write_text(WAIT)
    commands = [[sys.executable, "-I", str(script), "model"], [sys.executable, "-c", WAIT, str(script)]]
    with contextlib.ExitStack() as stack:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        running = [stack.enter_context(subprocess.Popen(command, **pipes)) for command in commands]
        for process in running:
            assert process.stdout is not None and process.stdout.readline() == b"up\n"
            stack.callback(process.kill)
        meant = running[0]
        assert processes.named((name,)) == [(meant.pid, processes.started(meant.pid), name)]
        assert processes.named((os.path.basename(script.parent),)) == []


def test_this_process_is_never_named() -> None:
    everything = {name for _unused, names in processes._programs() for name in names}
    assert os.getpid() not in [pid for pid, _since, _name in processes.named(tuple(everything))]


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps")
def test_ps_names_the_same_programs_as_proc(child: subprocess.Popen[bytes]) -> None:
    told = dict(processes.programs_of_ps(processes._ps("pid=,comm="), processes._ps("pid=,command=")))
    assert set(told[child.pid]) <= set(dict(processes._programs())[child.pid])


def test_a_mac_s_processes_are_named_by_their_file() -> None:
    programs = (
        "    1 /sbin/launchd\n"
        "  812 /Applications/LM Studio.app/Contents/MacOS/LM Studio\n"
        "  990 /opt/homebrew/opt/ollama/bin/ollama\n"
        " 1204 /opt/homebrew/Frameworks/Python.framework/Versions/3.13/Resources/Python.app/Contents/MacOS/Python\n"
    )
    commands = (
        "    1 /sbin/launchd\n"
        "  812 /Applications/LM Studio.app/Contents/MacOS/LM Studio --run-as-service\n"
        "  990 /opt/homebrew/opt/ollama/bin/ollama serve\n"
        " 1204 /opt/homebrew/Frameworks/Python.framework/Versions/3.13/Resources/Python.app/Contents/MacOS/Python"
        " -I /var/lib/state/llama_cpp_server.py tiny 8137\n"
    )
    assert dict(processes.programs_of_ps(programs, commands)) == {
        1: ["launchd"],
        812: ["LM Studio"],
        990: ["ollama"],
        1204: ["Python", "llama_cpp_server.py"],
    }


@given(st.text(), st.text())
def test_whatever_ps_says_is_survived(programs: str, commands: str) -> None:
    assert all(pid >= 0 for pid, _names in processes.programs_of_ps(programs, commands))
