# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's jobs: loading one, laying out its repository, grading what was pushed."""

from __future__ import annotations

from .fetched import fetch
from .grading import Grade, grade
from .loading import find, load, names, with_seed
from .model import Budgets, Canary, CanaryError, Generator, Package, Repository
from .pushed import Unusable, collect
from .repository import Layout, lay_out
from .source import Oracles, Resources, hidden_sources, oracles, start_tree

__all__ = [
    "Budgets",
    "Canary",
    "CanaryError",
    "Generator",
    "Grade",
    "Layout",
    "Oracles",
    "Package",
    "Repository",
    "Resources",
    "Unusable",
    "collect",
    "fetch",
    "find",
    "grade",
    "hidden_sources",
    "lay_out",
    "load",
    "names",
    "oracles",
    "start_tree",
    "with_seed",
]
