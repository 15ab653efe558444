# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the trial's own process must not carry; what a turn costs is measured in tests/benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys

from .conftest import ROOT


def test_the_child_imports_neither_ansible_nor_what_the_report_needs() -> None:
    code = (
        "import sys, plugins.plugin_utils.trial.__main__, httpx, yaml;"
        "print(sorted({'ansible', 'pandas', 'numpy', 'sqlalchemy', 'scipy', 'jsonschema'} & set(sys.modules)))"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-c", code]
    assert subprocess.check_output(command, env=environment, cwd="/", text=True).strip() == "[]"
