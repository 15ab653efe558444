# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the harness itself costs: the bar of facts about other harnesses, on a shared machine."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from datetime import datetime
from typing import Any

import pytest

from ansible_collections.local_llm.lab.tests.fakes.scripted_engine import ScriptedEngine, Turn, call

from .conftest import ROOT

OUTPUT = "0123456789" * 50


def reading(number: int) -> Turn:
    """A turn with a tool output of about 500 bytes, never the same twice in a row."""
    if number == 1:
        return call("write_file", path="a.txt", content=OUTPUT)
    return call("read_file", path="a.txt", end_line=number)


def per_turn(trial: Any) -> float:
    """Median milliseconds from one model event to the next."""
    times = [datetime.fromisoformat(event["at"]) for event in trial.transcript() if event["event"] == "model"]
    gaps = sorted((b - a).total_seconds() * 1000 for a, b in itertools.pairwise(times))
    return gaps[len(gaps) // 2]


def test_a_turn_costs_little_and_the_200th_hardly_more_than_the_20th(run_trial: Any) -> None:
    budgets = {"generated_tokens": 10**6, "completion_tokens": 1000}
    spans = {}
    for turns in (20, 200):
        record, trial, _unused = run_trial(reading, "fix_sum", budgets={**budgets, "turns": turns}, window_tokens=10**6)
        assert record["turns"] == turns
        spans[turns] = per_turn(trial)
    # The bar is 10 ms; half as much again for whatever else runs on this machine.
    assert spans[20] < 15
    assert spans[200] < 2 * spans[20] + 2


def test_the_child_imports_neither_ansible_nor_what_the_report_needs() -> None:
    code = (
        "import sys, plugins.plugin_utils.trial.__main__, httpx, yaml;"
        "print(sorted({'ansible', 'pandas', 'numpy', 'sqlalchemy', 'scipy', 'jsonschema'} & set(sys.modules)))"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-c", code]
    assert subprocess.check_output(command, env=environment, cwd="/", text=True).strip() == "[]"


@pytest.mark.timeout(60)
def test_the_first_model_call_comes_soon_after_the_start(start_trial: Any) -> None:
    waits = []
    for _unused in range(3):
        with ScriptedEngine([Turn(fault="status")]) as engine:
            began = time.monotonic()
            trial = start_trial(engine.base_url)
            assert engine.reached.wait(20)
            waits.append(time.monotonic() - began)
            trial.record()
    # Interpreter, imports, repository, sandbox. Generous: other work shares this machine.
    assert min(waits) < 1.5
