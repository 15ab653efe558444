# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No check without a test of its remedy, and no test of a remedy that is gone."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.local_llm.lab.plugins.plugin_utils.doctor import CONTROLLER_CHECKS, END_CHECKS, HOST_CHECKS

HEALS = re.compile(r'^@heals\("(\w+)", "(\w+)"\)$', re.MULTILINE)


def test_a_test_runs_every_remedy() -> None:
    tests = Path(__file__).parent.glob("test_remedies_*.py")
    run = {pair for file in tests for pair in HEALS.findall(file.read_text(encoding="utf-8"))}
    checks = [*CONTROLLER_CHECKS, *END_CHECKS, *HOST_CHECKS]
    assert len({check.name for check in checks}) == len(checks)
    assert {(check.name, remedy) for check in checks for remedy in check.remedies} == run
