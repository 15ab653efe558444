# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trials as a sweep runs them: own process, real HTTP, sandbox, push and grading; only the engine is played."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.processes import started
from ansible_collections.local_llm.lab.tests.fakes.scripted_engine import ScriptedEngine

ROOT = Path(__file__).parents[3]
KEY = "sk-planted-0123456789"
COMMAND = (sys.executable, "-P", "-m", "plugins.plugin_utils.trial")
BUDGETS = {
    "turns": 8,
    "generated_tokens": 900,
    "completion_tokens": 160,
    "wall_clock_seconds": 60,
    "command_seconds": 20,
    "turn_seconds": 0,
    "probe_factor": 1,
}


@dataclass
class Trial:
    """A trial's process, and where to look for what it did."""

    process: subprocess.Popen[bytes]
    folder: Path
    scratch: Path
    spec: dict[str, Any]

    def record(self, timeout_seconds: float = 60.0) -> dict[str, Any]:
        """The record, after the process has ended as it should and left nothing but artifacts."""
        out, _unused = self.process.communicate(timeout=timeout_seconds)
        assert self.process.returncode == 0, (self.folder / "child.log").read_text()
        assert not self.scratch.exists()
        lines = [json.loads(line) for line in out.splitlines()]
        assert [line["event"] for line in lines].count("record") == 1
        record: dict[str, Any] = lines[-1]["record"]
        assert json.loads((self.folder / "record.json").read_text()) == record
        return record

    def transcript(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "transcript.jsonl").read_text().splitlines()]


def guardian(pid: int) -> dict[str, Any]:
    return {"pid": pid, "started": started(pid)}


@pytest.fixture
def start_trial(tmp_path: Path) -> Iterator[Callable[..., Trial]]:
    """Starts a trial of a shipped canary against a base URL. Whatever is left at the test's end is killed."""
    trials: list[Trial] = []

    def start(base_url: str, canary: str = "hello_file", **changes: Any) -> Trial:
        number = len(trials)
        folder, scratch = tmp_path / f"artifacts-{number}", tmp_path / f"scratch-{number}"
        folder.mkdir()
        scratch.mkdir()
        budgets = {**BUDGETS, **changes.pop("budgets", {})}
        spec: dict[str, Any] = {
            "trial": f"trial-{number}",
            "attempt": 1,
            "folder": str(folder),
            "scratch": str(scratch),
            "engine": "llama_cpp",
            "base_url": base_url,
            "api_key": KEY,
            "model": "scripted",
            "window_tokens": 8192,
            "canary": str(ROOT / "canaries" / canary),
            "budgets": budgets,
            "chat": {"temperature": 0.2},
            "seed": 7,
            "sandbox": None,
            "guardians": [guardian(os.getpid())],
            **changes,
        }
        with (folder / "child.log").open("wb") as log:
            process = subprocess.Popen(
                COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
                cwd="/",
                start_new_session=True,
            )
        assert process.stdin is not None
        process.stdin.write(json.dumps(spec).encode())
        process.stdin.close()
        process.stdin = None
        trials.append(Trial(process, folder, scratch, spec))
        return trials[-1]

    yield start
    for trial in trials:
        if trial.process.poll() is None:
            trial.process.kill()
        if trial.process.stdout is not None:
            trial.process.stdout.close()
        trial.process.wait()


@pytest.fixture
def run_trial(start_trial: Callable[..., Trial]) -> Callable[..., tuple[dict[str, Any], Trial, ScriptedEngine]]:
    """Plays a plan to its record."""

    def run(plan: Any, canary: str = "hello_file", **changes: Any) -> tuple[dict[str, Any], Trial, ScriptedEngine]:
        with ScriptedEngine(plan, changes.pop("props", None)) as engine:
            trial = start_trial(engine.base_url, canary, **changes)
            return trial.record(), trial, engine

    return run
