# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command of docs/guard.md is run: here, or by the gate that runs the tests it names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = "".join(BLOCK.findall((ROOT / "docs" / "guard.md").read_text(encoding="utf-8"))).splitlines()
BY_THE_GATE = [
    command for command in COMMANDS if command.startswith(".venv/bin/python -m pytest -q tests/integration_py")
]
SAYS = {"host_capacity_info": "usable_bytes: ", "keeper": "msg: "}


def test_there_is_something_to_run() -> None:
    assert len(COMMANDS) == len(BY_THE_GATE) + len(SAYS) == 4


@pytest.mark.parametrize("command", BY_THE_GATE)
def test_the_tests_it_names_are_there(command: str) -> None:
    file = re.search(r"tests/\S+\.py", command)
    assert file and (ROOT / file[0]).is_file()
    wanted = re.search(r"-k (\w+)", command)
    assert not wanted or re.search(rf"^def test_\w*{wanted[1]}", (ROOT / file[0]).read_text(), re.MULTILINE)


@pytest.mark.parametrize("module", SAYS)
def test_what_it_asks_a_host_is_answered(module: str) -> None:
    (command,) = (one for one in COMMANDS if f"local_llm.lab.{module}" in one)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command, shell=True, cwd=ROOT, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert SAYS[module] in done.stdout
