# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/sandbox.md promises is what is tested and what is in the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import Limits
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox.tool_server.pushing import MAX_BUNDLE_BYTES
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox.tool_server.searching import SEARCH_SECONDS

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
LIMITS = Limits()
MIB = 2**20


def test_every_test_that_is_named_is_there() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 15
    assert {name for name in named if f"def {name}(" not in code} == set()


@pytest.mark.parametrize(
    "said",
    [
        f"no more than {LIMITS.processes} processes",
        f"`/workspace` ({LIMITS.workspace_bytes // MIB} MiB)",
        f"`/home/agent` ({LIMITS.tmp_bytes // MIB} MiB each)",
        f"ends at {LIMITS.file_bytes // MIB} MiB",
        f"past {LIMITS.files // 1000} {LIMITS.files % 1000:03}",
        f"{LIMITS.memory_bytes // 2**30} GiB for a process, and for all together",
        f"{LIMITS.cpu_seconds} s of it for a process",
        f"ended after {SEARCH_SECONDS:g} s",
        f"{MAX_BUNDLE_BYTES // MIB} MiB at the most",
    ],
)
def test_the_numbers_are_those_of_the_code(said: str) -> None:
    assert said in PAGE
