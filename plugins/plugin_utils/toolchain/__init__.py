# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What canaries need beside the standard library, built once at set-up: nothing is installed while trials run."""

from __future__ import annotations

from .ready import make_ready, packages, ready
from .toolchain import ToolchainError, ensure, planned

__all__ = ["ToolchainError", "ensure", "make_ready", "packages", "planned", "ready"]
