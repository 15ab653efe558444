# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that something else takes for a moment between two blocks is waited for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.keeper import hold, status
from ansible_collections.local_llm.lab.plugins.module_utils.keeper.client import Terms
from ansible_collections.local_llm.lab.tests.fakes.model_process import ModelProcess

PLAYBOOK = Path(__file__).with_name("between_blocks.yml")
HOLD = "Hold the host for as long as a load and its smoke may take"
GIB = 2**30


def begin_a_block(folder: str, terms: Terms, floor_bytes: int) -> subprocess.Popen[str]:
    names = ("owner", "engine", "base_url", "engine_options")
    given = {name: getattr(terms, name) for name in names} | {"keeper_dir": folder, "floor_bytes": floor_bytes}
    variables = {"ansible_python_interpreter": sys.executable, "terms": given}
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local"]
    return subprocess.Popen(
        [*command, str(PLAYBOOK), "-e", json.dumps(variables)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"ANSIBLE_NOCOLOR": "1"},
    )


@pytest.mark.usefixtures("memory_to_itself")
def test_the_host_is_held_once_the_memory_is_back(folder: str, terms: Terms) -> None:
    floor_bytes = psutil.virtual_memory().available - 2 * GIB
    eater = ModelProcess("somebody-else", 4 * GIB)
    with begin_a_block(folder, terms, floor_bytes) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line)
            if f"FAILED - RETRYING: [localhost]: {HOLD}" in line:
                eater.end()
    eater.end()
    output = "".join(told)
    assert f"RETRYING: [localhost]: {HOLD}" in output, output
    assert "changed: [localhost]" in output.split(f"TASK [{HOLD}]")[1], output
    assert status(folder)["owner"] == terms.owner


def test_a_host_that_somebody_else_holds_is_not_waited_for(folder: str, terms: Terms) -> None:
    hold(folder, Terms("somebody@else", 600, 0, terms.engine, terms.base_url, terms.engine_options))
    with begin_a_block(folder, terms, 0) as process:
        told = process.communicate(timeout=200)[0]
    assert process.returncode == 2 and "RETRYING" not in told and "somebody@else" in told, told
