# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a sweep at a time on a controller; the dead make room, whatever their process id is now."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import processes
from ansible_collections.local_llm.lab.plugins.plugin_utils.store import ClaimLost, SweepRunning

PASSED = {"outcome": "passed", "ceiling": None, "detail": None}


def started(pid: int) -> str:
    token = processes.started(pid)
    assert token is not None
    return token


def test_a_second_live_run_of_the_same_sweep_is_refused_by_process(lab: Any) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        lab.store.begin_session("nightly", "here", other.pid, started(other.pid))
        with pytest.raises(SweepRunning, match=f"process {other.pid}"):
            lab.session()
        lab.store.begin_session("another sweep", "here", os.getpid(), started(os.getpid()))
        lab.session(controller="elsewhere")
        other.kill()
        other.wait()
        lab.session()


def test_what_a_killed_run_had_claimed_waits_again(lab: Any) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        session = lab.store.begin_session("nightly", "here", other.pid, started(other.pid))
        other.kill()
        other.wait()
    claim = lab.claim(session)
    resumed = lab.session()
    assert resumed.abandoned == 1
    again = lab.claim(resumed)
    assert (again.trial["id"], again.attempt) == (claim.trial["id"], 2)
    with pytest.raises(ClaimLost):
        lab.store.record(claim, PASSED)
    assert lab.store.record(again, PASSED) == "done"


def test_a_process_id_that_was_used_again_does_not_count_as_alive(lab: Any) -> None:
    lab.store.begin_session("nightly", "here", os.getpid(), "another start")
    assert lab.store.begin_session("nightly", "here", os.getpid(), started(os.getpid())).abandoned == 0


def test_the_same_process_may_enter_again_and_starts_clean(lab: Any) -> None:
    first = lab.store.begin_session("nightly", "here", os.getpid(), started(os.getpid()))
    lab.claim(first)
    second = lab.store.begin_session("nightly", "here", os.getpid(), started(os.getpid()))
    assert second.abandoned == 1 and second.id != first.id


def test_what_runs_on_another_controller_is_left_alone(lab: Any) -> None:
    elsewhere = lab.session(controller="elsewhere")
    claim = lab.claim(elsewhere)
    assert lab.session().abandoned == 0
    assert lab.store.record(claim, PASSED) == "done"


def test_leaving_gives_up_what_was_not_recorded(lab: Any) -> None:
    session = lab.session()
    claim = lab.claim(session)
    lab.store.end_session(session.id)
    assert lab.trial(claim.trial["id"])["attempts"][0]["state"] == "abandoned"
    assert lab.trial(claim.trial["id"])["state"] == "planned"
