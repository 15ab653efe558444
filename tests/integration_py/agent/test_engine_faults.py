# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine that fails voids the trial in bounded time, and is never charged to the model."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import pytest

from ansible_collections.local_llm.lab.tests.fakes.scripted_engine import ScriptedEngine, Turn, call, error

from .conftest import KEY

WRITE = call("write_file", path="greeting.txt", content="Hello, world\n")
PUSH = call("push", message="m")
CHUNK = b'data: {"choices": [{"delta": {"content": "x"}}]}\n\n'
FAULTS = {
    "dies in the middle": Turn(text="x" * 100, fault="die"),
    "500": error(500, "boom"),
    "503": error(503, "Loading model"),
    "401 that echoes the key": error(401, f"Incorrect API key provided: {KEY}"),
    "not found": Turn(fault="status", status=404, body=b"<html>not here</html>"),
    "an error in the stream": Turn(fault="raw", body=CHUNK + b'data: {"error": {"message": "CUDA error"}}\n\n'),
    "ends without an end": Turn(fault="raw", body=CHUNK),
    "garbage": Turn(fault="raw", body=b"data: {{{\n\n"),
    "an empty stream": Turn(fault="raw", body=b": ping\n\n"),
    "a truncated prompt": Turn(text="x", prompt_tokens=20),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_failing_engine_voids_the_trial(name: str, run_trial: Any) -> None:
    record, trial, engine = run_trial([WRITE, PUSH, FAULTS[name]])
    assert (record["outcome"], record["ceiling"], record["detail"]) == ("void", None, "engine_error"), record
    assert record["error"]
    assert (record["turns"], len(engine.requests)) == (3, 3)
    assert record["would_pass"] is True
    assert KEY not in json.dumps(record) + json.dumps(trial.transcript())


@pytest.mark.parametrize("fault", ["silent", "hang"])
def test_a_hanging_engine_voids_the_trial_after_the_silence_allowed(fault: str, run_trial: Any) -> None:
    began = time.monotonic()
    record, _unused, _unused = run_trial([WRITE, Turn(text="x" * 100, fault=fault)], silence_seconds=1.0)
    assert (record["outcome"], record["detail"]) == ("void", "engine_error"), record
    assert "silent" in record["error"]
    assert time.monotonic() - began < 60


def test_a_kept_connection_that_the_engine_closes_is_not_a_failure(run_trial: Any) -> None:
    dropped = Turn(fault="drop")
    record, _unused, engine = run_trial([WRITE, dropped, PUSH, dropped, call("submit")])
    assert (record["outcome"], record["turns"], len(engine.requests)) == ("passed", 3, 5)


def test_an_engine_that_never_answers_is_asked_once_more_only(run_trial: Any) -> None:
    record, _unused, engine = run_trial([WRITE, *[Turn(fault="drop")] * 9])
    assert (record["outcome"], record["detail"], len(engine.requests)) == ("void", "engine_error", 3)
    record, _unused, engine = run_trial([Turn(fault="drop")] * 9)
    assert (record["outcome"], record["detail"], len(engine.requests)) == ("void", "engine_error", 1)


def test_an_engine_that_is_slow_but_alive_is_waited_for(run_trial: Any) -> None:
    slow = Turn(calls=WRITE.calls, pause=0.3)
    record, _unused, _unused = run_trial([slow, PUSH, call("submit")], silence_seconds=1.0)
    assert record["outcome"] == "passed"
    assert record["model_seconds"] > 1.0


def test_a_refused_connection_voids_the_trial(start_trial: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        record = start_trial(f"http://127.0.0.1:{taken.getsockname()[1]}").record()
    assert (record["outcome"], record["detail"], record["turns"]) == ("void", "engine_error", 1)


def test_an_engine_that_goes_away_between_turns_voids_the_trial(start_trial: Any) -> None:
    with ScriptedEngine([WRITE, Turn(fault="silent")]) as engine:
        trial = start_trial(engine.base_url)
        assert engine.reached.wait(20)
    record = trial.record()
    assert (record["outcome"], record["detail"]) == ("void", "engine_error")


def test_what_is_wrong_in_the_harness_voids_the_trial_and_is_named(start_trial: Any) -> None:
    record = start_trial("http://127.0.0.1:9", sandbox="castle").record()
    assert (record["outcome"], record["detail"]) == ("void", "harness_error")
    assert "castle" in record["error"]
