# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where model-written code runs: no network, no secrets, nothing of the host, nothing left behind."""

from __future__ import annotations

from .inside import TOOLCHAIN
from .owner import remove_tree
from .selection import Backend, select
from .session import Sandbox
from .spec import Limits, SandboxDied, SandboxSpec, SandboxUnavailable
from .tool_server.words import ORIGIN, WORKSPACE

__all__ = [
    "ORIGIN",
    "TOOLCHAIN",
    "WORKSPACE",
    "Backend",
    "Limits",
    "Sandbox",
    "SandboxDied",
    "SandboxSpec",
    "SandboxUnavailable",
    "remove_tree",
    "select",
]
