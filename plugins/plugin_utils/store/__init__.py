# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place with SQL: what is planned, who runs it, and what came of it."""

from __future__ import annotations

from .errors import ClaimLost, SessionOver, StackChanged, StoreError, StoreOfLaterVersion, SweepChanged, SweepRunning
from .rows import Block, Claim, Generation, Planned, Session
from .store import Store

__all__ = [
    "Block",
    "Claim",
    "ClaimLost",
    "Generation",
    "Planned",
    "Session",
    "SessionOver",
    "StackChanged",
    "Store",
    "StoreError",
    "StoreOfLaterVersion",
    "SweepChanged",
    "SweepRunning",
]
