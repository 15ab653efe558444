# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab replay` of trials that were run: a person reads what happened."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from ansible_collections.local_llm.lab.tests.fakes.scripted_engine import Turn, call, cut

from .conftest import ROOT

WRITE = call("write_file", path="greeting.txt", content="Hello, world\n")
PUSH = call("push", message="Add greeting.txt")
SUBMIT = call("submit")


def lab_replay(folder: Path, *words: str) -> str:
    command = [sys.executable, str(ROOT / "scripts" / "lab"), "replay", str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def in_order(said: str, *parts: str) -> bool:
    """Whether the parts are there, each after the one before."""
    at = -1
    return all((at := said.find(part, at + 1)) >= 0 for part in parts)


def test_a_trial_reads_as_it_went(run_trial: Any) -> None:
    thought = Turn(calls=WRITE.calls, reasoning="A greeting is wanted.")
    _unused, trial, _unused = run_trial([Turn("Well [sic]."), SUBMIT, thought, PUSH, SUBMIT])
    assert in_order(
        lab_replay(trial.folder),
        "trial trial-0, attempt 1: hello_file on scripted",
        "temperature=0.2",
        "Create the file greeting.txt",
        "tools: write_file, push, submit",
        "── turn 1\n",
        "finish reason stop",
        "Well [sic].",
        "user: You called no tool.",
        "── turn 2\n",
        "← submit: refused",
        "── turn 3\n",
        "50.0 tokens/s",
        "A greeting is wanted.",
        'write_file path="greeting.txt", content="Hello, world\\n"',
        "← write_file: ok",
        "pushed greeting.txt",
        "══ verdict: passed",
        "hidden tests 1 of 1",
    )


def test_a_ceiling_and_its_probe_are_told(run_trial: Any) -> None:
    plan = [WRITE, cut(), cut(), PUSH, SUBMIT]
    _unused, trial, _unused = run_trial(plan, budgets={"turns": 2, "probe_factor": 3})
    assert in_order(
        lab_replay(trial.folder),
        "══ ceiling: failed/tokens/completion is the verdict",
        "goes on as a probe: turns=6",
        "── turn 5\n",
        "══ verdict: failed/tokens/completion",
        "probe: confirmed; with 3 times the budget it ended passed",
    )


def test_one_turn_is_all_that_is_shown_of_it(run_trial: Any) -> None:
    _unused, trial, _unused = run_trial([WRITE, PUSH, SUBMIT])
    said = lab_replay(trial.folder, "--turn", "2")
    assert "── turn 2\n" in said and "pushed greeting.txt" in said
    assert "turn 1" not in said and "verdict" not in said


def test_the_commands_of_the_page_work(run_trial: Any, tmp_path: Path) -> None:
    _unused, trial, _unused = run_trial([WRITE, PUSH, SUBMIT])
    attempt = tmp_path / "lab" / "trials" / "1" / "3f9c0123456789abcdef" / "1"
    attempt.parent.mkdir(parents=True)
    trial.folder.rename(attempt)
    (block,) = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "docs" / "replay.md").read_text(), re.MULTILINE | re.DOTALL)
    for command in block.splitlines():
        script, *words = command.split()
        done = subprocess.run(
            [sys.executable, str(ROOT / script), *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), command
        assert done.stdout, command
