# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What does not fit, or turns out not to, costs its own block only: the sweep goes on with the next one."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from ansible_collections.local_llm.lab.tests.fakes.model_process import ModelProcess

from .conftest import Folder

pytestmark = pytest.mark.timeout(400)

GIB = 2**30
STATES = "SELECT state FROM cells ORDER BY position"


def test_a_load_that_does_not_fit_is_refused_with_its_numbers(folder: Folder) -> None:
    folder.sweep["baseline"]["load"] = {"context_tokens": 100_000_000}
    folder.sweep["factors"] = {"context_tokens": [2048]}
    folder.write()
    code, output = folder.run()
    assert code == 0, output
    _goes_on_without_the_first_cell(folder, "GiB were available")


def test_a_model_that_cannot_be_loaded_fails_smoke_with_the_engine_s_words(folder: Folder) -> None:
    folder.sweep["baseline"]["load"] = {"context_tokens": 8192}  # twice what the model was made for
    folder.sweep["factors"] = {"context_tokens": [2048]}
    folder.write()
    code, output = folder.run()
    assert code == 0, output
    _goes_on_without_the_first_cell(folder, "context of 4096 tokens instead of 8192", "smoke_failed")


@pytest.mark.parametrize(
    "moment", [pytest.param("engine.json", id="in the load"), pytest.param("progress", id="in a trial")]
)
@pytest.mark.usefixtures("memory_to_itself")
def test_a_broken_floor_ends_the_block_and_the_next_one_runs(folder: Folder, moment: str) -> None:
    folder.sweep["baseline"]["load"] = {"context_tokens": 4096}
    folder.sweep["factors"] = {"context_tokens": [2048]}
    folder.sweep["replicates"] = 12  # the block must last longer than it takes to fill the memory
    folder.host["lab_floor_bytes"] = psutil.virtual_memory().available - 2 * GIB
    folder.write()
    with folder.start() as process:
        _wait(process, lambda: list(folder.home.rglob("engine.json" if moment == "engine.json" else "embedded.json")))
        eater = ModelProcess("somebody-else", 4 * GIB, wait=False)
        try:
            _wait(process, lambda: "infeasible" in [state for (state,) in folder.rows(STATES)])
        finally:
            eater.end()
        output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output
    _goes_on_without_the_first_cell(folder, "below the floor of")


def _goes_on_without_the_first_cell(folder: Folder, why: str, state: str = "infeasible") -> None:
    assert folder.rows(STATES) == [(state,), ("complete",)]
    card = json.loads((folder.home / "reports" / "trial" / "1" / "card-tiny.json").read_text())
    assert why in card["didnt_work"][0]["why"], card["didnt_work"]
    assert not folder.processes()


def _wait(process: subprocess.Popen[str], until: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 240
    while not until():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0]
        time.sleep(0.02)
