# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sweep file and a catalog become a plan: cells, and trials with ids that never change.

Nothing here touches a disk but `load_sweep` and `load_catalog`, and nothing runs a trial.
"""

from __future__ import annotations

from .blocks import Trial
from .catalog import Model, load_catalog
from .cloud import Cloud, Price
from .configs import configs
from .definition import Sweep, load_sweep
from .errors import SweepError, SweepFileInvalid, UnknownName
from .estimate import Amount, Seen, expected, most
from .plan import Cell, HostClass, Plan, PlannedCanary, Refusal, plan

__all__ = [
    "Amount",
    "Cell",
    "Cloud",
    "HostClass",
    "Model",
    "Plan",
    "PlannedCanary",
    "Price",
    "Refusal",
    "Seen",
    "Sweep",
    "SweepError",
    "SweepFileInvalid",
    "Trial",
    "UnknownName",
    "configs",
    "expected",
    "load_catalog",
    "load_sweep",
    "most",
    "plan",
]
