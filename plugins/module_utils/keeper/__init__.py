# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one process that holds an LLM host: its lock, its memory watch, its emergency unload."""

from __future__ import annotations

from .client import BelowFloor, KeeperBusy, Terms, hold, release, status
from .folder import KeeperError
from .telling import describe

__all__ = ["BelowFloor", "KeeperBusy", "KeeperError", "Terms", "describe", "hold", "release", "status"]
