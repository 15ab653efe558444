# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A keeper's folder that no test leaves held, and terms over the real llama.cpp."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import processes
from ansible_collections.local_llm.lab.plugins.module_utils.keeper import Terms, status


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "k")
    yield path
    now = status(path)
    if now["held"]:
        processes.stop(now["pid"], processes.started(now["pid"]), grace_seconds=5)


@pytest.fixture
def terms(llama_cpp: Any) -> Terms:
    return Terms("nightly@controller", 60, 0, "llama_cpp", llama_cpp.base_url, llama_cpp.options)


@pytest.fixture
def until() -> Callable[..., Any]:
    """Wait for something another process does; what it was."""

    def wait(happened: Callable[[], Any], seconds: float = 60) -> Any:
        end = time.monotonic() + seconds
        while not (answer := happened()):
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.02)
        return answer

    return wait
