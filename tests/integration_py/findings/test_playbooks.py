# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.yml and decide.yml over a store that a sweep left: no host, no engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.local_llm.lab.plugins.module_utils.errors import LabError
from ansible_collections.local_llm.lab.plugins.plugin_utils.steps.deciding import decision
from ansible_collections.local_llm.lab.plugins.plugin_utils.steps.report import report

from .test_from_store import ALL, demo

__all__ = ["demo"]
Demo = tuple[Any, int, Callable[[int], None]]


def run(home: Path, playbook: str, *arguments: str) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    inventory = Path(__file__).resolve().parents[3] / "inventory"
    extra = [f"lab_home={home}", f"lab_store_url=sqlite:///{home}/store.sqlite", *arguments]
    words = [word for one in extra for word in (("-e", one) if "=" in one else (one,))]
    done = subprocess.run(
        ["ansible-playbook", f"local_llm.lab.{playbook}", "-i", str(inventory), "-l", "embedded", *words],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_report_and_decide_write_the_same_again_and_show_what_changes(demo: Demo, tmp_path: Path) -> None:
    demo[2](ALL)
    output = run(tmp_path, "report", "--check", "--diff")
    assert "changed=1" in output and not (tmp_path / "reports").exists()
    assert "+# smollm2-135m-instruct: not good enough" in output, output
    output = run(tmp_path, "report", "generation=1")
    assert "changed=1" in output and (tmp_path / "reports" / "demo" / "1" / "decision.yml").is_file()

    (tmp_path / "decision.yml").write_text("what was decided before\n")
    output = run(tmp_path, "decide", "--diff", "sweep=demo")
    assert "-what was decided before" in output and "+schema: local_llm.lab/decision/2" in output
    assert "nothing to deploy: None is good enough" in output
    first, second = (tmp_path / "reports" / "demo" / "1" / "decision.yml"), tmp_path / "decision.yml"
    assert first.read_bytes() == second.read_bytes()


def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.sqlite"


def test_an_incomplete_generation_is_refused_unless_interim_will_do(demo: Demo, tmp_path: Path) -> None:
    demo[2](7)
    path = tmp_path / "decision.yml"
    with pytest.raises(LabError, match=r"Generation 1 of the sweep demo is open: 1[0-9] of its trials are left"):
        decision(url(tmp_path), "demo", None, str(path), interim=False, check=False)
    assert not path.exists()
    made = decision(url(tmp_path), "demo", None, str(path), interim=True, check=False)
    assert made["interim"] and yaml.safe_load(path.read_text())["decisions"][0]["chosen"] is None


@pytest.mark.parametrize(
    ("sweep", "generation", "said"),
    [("typo", None, "has no sweep typo"), ("demo", 7, "has no generation 7. Remedy: it has: 1")],
)
def test_what_is_not_in_the_store_is_named(demo: Demo, tmp_path: Path, sweep: str, generation: Any, said: str) -> None:
    with pytest.raises(LabError, match=said):
        report(str(tmp_path), url(tmp_path), sweep, generation, check=True)


def test_check_mode_says_what_would_change_and_writes_nothing(demo: Demo, tmp_path: Path) -> None:
    demo[2](ALL)
    before = report(str(tmp_path), url(tmp_path), "demo", None, check=True)
    assert before["changed"] and not Path(before["folder"]).exists()
    assert report(str(tmp_path), url(tmp_path), "demo", None, check=False)["changed"]
    again = report(str(tmp_path), url(tmp_path), "demo", None, check=False)
    assert not again["changed"] and again["diff"] == []
