# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/guard.md promises is what is tested and what is in the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.local_llm.lab.plugins.module_utils.keeper.emergency import (
    LATE_LOAD_SECONDS,
    UNLOAD_SECONDS,
    UNLOAD_TRIES,
)
from ansible_collections.local_llm.lab.plugins.module_utils.keeper.process import SAMPLE_SECONDS, UNREADABLE_SAMPLES
from ansible_collections.local_llm.lab.plugins.module_utils.keeper.reclaim import DEFAULT_MIN_FREE_BYTES

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "guard.md").read_text(encoding="utf-8")
NUMBERS = {1: "once", 5: "five"}


def test_every_test_that_is_named_is_there() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) == 13
    assert {name for name in named if f"def {name}(" not in code} == set()


@pytest.mark.parametrize(
    "said",
    [
        f"looks {NUMBERS[round(SAMPLE_SECONDS)]} a second",
        f"after {NUMBERS[UNLOAD_TRIES]} tries or {UNLOAD_SECONDS:g} s",
        f"not back after {NUMBERS[round(LATE_LOAD_SECONDS)]} seconds",
        f"after {NUMBERS[UNREADABLE_SAMPLES]} looks without an answer",
        f"min_free_bytes: {DEFAULT_MIN_FREE_BYTES} # {DEFAULT_MIN_FREE_BYTES // 1024**3} GiB",
    ],
)
def test_the_numbers_are_those_of_the_code(said: str) -> None:
    assert said in PAGE


@pytest.mark.parametrize(("variable", "said"), [("lab_reserve_bytes", "8 GiB"), ("lab_floor_bytes", "4 GiB")])
def test_the_defaults_are_those_of_the_inventory(variable: str, said: str) -> None:
    hosts = yaml.safe_load((ROOT / "inventory/group_vars/llm_hosts/main.yml").read_text(encoding="utf-8"))
    assert re.findall(r"\d+", hosts[variable])[0] == said.split()[0]
    assert f"| `{variable}` | {said} |" in PAGE
