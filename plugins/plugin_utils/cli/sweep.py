# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab sweep` and `lab challenge`: their playbooks with live progress."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...module_utils.processes import started
from .playbook import Play, existing
from .watched import watch


@dataclass(frozen=True)
class SweepRequest:
    sweep_file: Path | None
    limit: str | None
    inventory: Path
    new_generation: bool
    check: bool
    extra_vars: dict[str, str]
    challenger: str | None = None


def sweep(request: SweepRequest) -> int:
    """Run the playbook; returns the exit code."""
    inventory = existing(request.inventory, "the inventory", "name yours with -i, or make one with: lab init DIR")
    # ansible-runner starts ansible-playbook deaf to the hang-up: its worker watches this script instead.
    extra_vars: dict[str, Any] = {
        **request.extra_vars,
        "lab_script": {"pid": os.getpid(), "started": started(os.getpid())},
    }
    if request.sweep_file:
        extra_vars["lab_sweep"] = str(existing(request.sweep_file, "the sweep file", "give the path of a sweep file"))
    if request.new_generation:
        extra_vars["generation"] = "new"
    if request.challenger:
        extra_vars["model"] = request.challenger
    return watch(
        Play("challenge" if request.challenger else "sweep", inventory, request.limit, extra_vars, request.check)
    )
