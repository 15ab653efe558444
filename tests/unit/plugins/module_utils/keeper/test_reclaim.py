# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Giving the page cache back during a load, with files in place of the kernel's."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.keeper.reclaim import Reclaimer

FILES = ("drop_caches", "compact_memory")


def ended(reclaimer: Reclaimer) -> Reclaimer:
    if reclaimer.running:
        reclaimer.running.join()
    return reclaimer


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_text("")
    return tmp_path


def test_below_the_threshold_the_kernel_is_asked_each_time(kernel: Path) -> None:
    reclaimer = Reclaimer(kernel)
    for _unused in range(2):
        reclaimer.consider(free_bytes=99, min_free_bytes=100)
        ended(reclaimer)
    assert [(kernel / name).read_text() for name in FILES] == ["3", "1"]
    assert (reclaimer.count, reclaimer.error) == (2, None)


def test_at_the_threshold_nothing_is_asked(kernel: Path) -> None:
    reclaimer = Reclaimer(kernel)
    reclaimer.consider(free_bytes=100, min_free_bytes=100)
    assert reclaimer.running is None
    assert [(kernel / name).read_text() for name in FILES] == ["", ""]


def test_where_it_cannot_be_asked_the_reason_is_told(tmp_path: Path) -> None:
    reclaimer = Reclaimer(tmp_path / "nowhere")
    reclaimer.consider(free_bytes=0, min_free_bytes=1)
    assert ended(reclaimer).count == 0
    assert "nowhere/drop_caches: No such file" in str(reclaimer.error)


def test_a_kernel_that_still_works_on_it_is_not_asked_again(kernel: Path) -> None:
    (kernel / "compact_memory").unlink()
    os.mkfifo(kernel / "compact_memory")  # who opens it waits until somebody reads
    reclaimer = Reclaimer(kernel)
    reclaimer.consider(free_bytes=0, min_free_bytes=1)
    first = reclaimer.running
    reclaimer.consider(free_bytes=0, min_free_bytes=1)
    assert isinstance(first, threading.Thread) and reclaimer.running is first
    assert (kernel / "compact_memory").read_text() == "1"
    assert ended(reclaimer).count == 1
