# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor on an LLM host: every pitfall that has cost somebody a day, looked at in seconds, nothing changed."""

from __future__ import annotations

import dataclasses

from . import (
    docker_vm,
    downloads,
    engine,
    exporters,
    keeper_check,
    last_line,
    launch_agents,
    listeners,
    memory_checks,
    nvidia,
    settings,
    tunnels,
)
from .finding import VERDICTS, Check, Finding, worst
from .host import Host, Tunnel
from .look import Look

SUBJECTS = (
    keeper_check.SUBJECT,
    engine.SUBJECT,
    settings.SUBJECT,
    listeners.SUBJECT,
    downloads.SUBJECT,
    memory_checks.SUBJECT,
    last_line.SUBJECT,
    nvidia.SUBJECT,
    exporters.SUBJECT,
    tunnels.SUBJECT,
    docker_vm.SUBJECT,
    launch_agents.SUBJECT,
)
CHECKS = tuple(check for subject in SUBJECTS for check, _judge in subject.checks)

__all__ = ["CHECKS", "SUBJECTS", "VERDICTS", "Check", "Finding", "Host", "Look", "Tunnel", "examine", "worst"]


def examine(look: Look, host: Host) -> list[Finding]:
    """One finding for every check, in the order of CHECKS; of a cloud's host only what the engine tells."""
    host = dataclasses.replace(host, system=look.system, home=str(look.home))
    subjects = (one for one in SUBJECTS if one.on_cloud or host.tier != "cloud")
    return [finding for subject in subjects for finding in subject.examine(look, host)]
