# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same sweep file, seed and scripted engine give the same bytes, but for what was measured."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.timeout(400)
def test_two_runs_that_hash_differently_plan_report_and_decide_the_same(tmp_path: Path) -> None:
    """Two Pythons: tests/tools/other_pythons.sh does the same with those."""
    folders = [tmp_path / "one", tmp_path / "two"]
    runs = []
    for number, folder in enumerate(folders, 1):
        folder.mkdir()
        runs.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.tools.same_bytes", str(folder)],
                cwd=ROOT,
                env=os.environ | {"PYTHONHASHSEED": str(number)},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    for run in runs:
        output, _unused = run.communicate()
        assert run.returncode == 0, output
    for name in ("plan.json", "card.json", "decision.json"):
        one, two = ((folder / name).read_bytes() for folder in folders)
        assert one == two, name
        assert len(one) > 1000
