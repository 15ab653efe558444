# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts against a command's memory while its processes come and go."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox.tool_server import watching

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")
LIMITS = {"memory_bytes": 2**28, "processes": 1000, "files": 2**62}


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have these processes seen with so many resident bytes each, as a moment ago."""

    def list_(*pids: int) -> None:
        monkeypatch.setattr(watching, "_processes", lambda: [(pid, 1, 2**28) for pid in pids])

    return list_


def test_processes_that_ended_since_they_were_listed_take_no_memory(listed: Any) -> None:
    ended = [subprocess.Popen(["true"]) for _unused in range(2)]
    os.waitid(os.P_PID, ended[0].pid, os.WEXITED | os.WNOWAIT)  # one is a zombie
    ended[1].wait()  # the other is not there at all
    watch = watching.Watch(LIMITS)
    listed(*(one.pid for one in ended))
    assert not watch.is_too_much() and watch.hit == []
    ended[0].wait()


def test_a_process_that_runs_counts_with_what_it_does_not_share(listed: Any) -> None:
    program = f"kept = b'x' * {2**28 + 2**24}\nprint(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout and running.stdout.readline()
        watch = watching.Watch(LIMITS)
        listed(running.pid, running.pid)
        assert watch.is_too_much() and watch.hit == ["memory"]
        running.kill()
