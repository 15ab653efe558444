# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is free on this host, and whether a model may be loaded into it."""

from __future__ import annotations

from .admission import Admission, admit
from .base import MemoryUnreadable, Reading
from .host import SETTLED_BYTES, available, reading, swap, total, wait_until_settled

__all__ = [
    "SETTLED_BYTES",
    "Admission",
    "MemoryUnreadable",
    "Reading",
    "admit",
    "available",
    "reading",
    "swap",
    "total",
    "wait_until_settled",
]
