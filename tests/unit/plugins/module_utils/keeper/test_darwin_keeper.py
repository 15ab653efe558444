# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper on a Mac, whose tools are stood in for on PATH."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.keeper.folder import Folder
from ansible_collections.local_llm.lab.plugins.module_utils.keeper.process import UNREADABLE_SAMPLES, Keeper

CAPTURED = Path(__file__).parents[1] / "memory" / "captured"
AVAILABLE_BYTES = (64712 + 468696 + 22116) * 16384
TERMS = {
    "owner": "nightly", "deadline_seconds": 600, "floor_bytes": 0, "engine": "llama_cpp", "loading": True,
    "base_url": "http://127.0.0.1:9", "engine_options": {"python": "x", "state_dir": "/nowhere"}, "reclaim": None,
}  # fmt: skip


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, said in (
        ("vm_stat", "vm_stat_48gib"),
        ("sysctl", "sysctl_48gib"),
        ("memory_pressure", "memory_pressure"),
    ):
        (folder / name).write_text(f"#!/bin/sh\ncat {CAPTURED}/{said}.txt\n")
        (folder / name).chmod(0o755)
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    found = Folder(str(tmp_path / "k"))
    found.prepare()
    return found


def test_it_holds_and_records_what_a_mac_tells(tools: Path, folder: Folder) -> None:
    keeper = Keeper(folder, TERMS)
    told = folder.read_status()
    assert told["held"] and told["lowest_available_bytes"] == AVAILABLE_BYTES
    assert told["lowest_huge_block_free_bytes"] is None
    assert told["highest_psi_full_avg10"] is None
    assert keeper.reclaimer.running is None


def test_below_the_floor_it_lets_go(tools: Path, folder: Folder) -> None:
    keeper = Keeper(folder, {**TERMS, "floor_bytes": AVAILABLE_BYTES + 1})
    assert not keeper.held
    assert keeper.breach is not None and keeper.breach["kind"] == "floor"


def test_a_tool_that_fails_once_is_asked_again_and_one_that_stays_silent_ends_the_hold(
    tools: Path, folder: Folder
) -> None:
    keeper = Keeper(folder, TERMS)
    said = (tools / "vm_stat").read_text()
    (tools / "vm_stat").write_text("#!/bin/sh\nexit 1\n")
    for _unused in range(UNREADABLE_SAMPLES - 1):
        keeper.sample()
    (tools / "vm_stat").write_text(said)
    keeper.sample()
    assert keeper.held
    (tools / "vm_stat").write_text("#!/bin/sh\nexit 1\n")
    for _unused in range(UNREADABLE_SAMPLES):
        keeper.sample()
    assert keeper.breach is not None and not keeper.held
    assert keeper.breach["kind"] == "unreadable" and "vm_stat" in keeper.breach["why"]
