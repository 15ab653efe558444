# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab smoke`, `lab report`, `lab decide`, `lab deploy`: one playbook each, run for what it says."""

from __future__ import annotations

import argparse
import os

from ...module_utils.processes import started
from .playbook import Play, existing
from .watched import watch


def run_play(name: str, parsed: argparse.Namespace) -> int:
    """Run the playbook of that name and show what it says; returns the exit code."""
    inventory = existing(parsed.inventory, "the inventory", "name yours with -i, or make one with: lab init DIR")
    script = {"lab_script": {"pid": os.getpid(), "started": started(os.getpid())}}
    play = Play(name, inventory, parsed.limit, {**dict(parsed.extra_vars), **script}, parsed.check)
    return watch(play, shows_messages=True)
