# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of several rooms share."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator

import pytest

LONGEST = ("test_kill.py", "test_engines.py", "test_guard.py", "test_playbook.py", "test_verify.py", "test_sweep.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest first: of two workers, none is to wait for the other one's last file."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture
def memory_to_itself(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For a test that measures the machine's memory, or moves much of it: one at a time, over all workers."""
    with (tmp_path_factory.getbasetemp().parent / "memory.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
