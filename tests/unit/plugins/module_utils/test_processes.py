# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes by who they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

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


def test_a_detached_process_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_API_KEY", "secret")
    assert "secret" not in processes.minimal_environment().values()
