# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's jobs: loading one, laying out its repository, grading what was pushed."""

from __future__ import annotations

from .grading import Grade, grade
from .model import Budgets, Canary, CanaryError, find, load
from .pushed import Unusable, collect
from .repository import Layout, hidden_sources, lay_out

__all__ = [
    "Budgets",
    "Canary",
    "CanaryError",
    "Grade",
    "Layout",
    "Unusable",
    "collect",
    "find",
    "grade",
    "hidden_sources",
    "lay_out",
    "load",
]
