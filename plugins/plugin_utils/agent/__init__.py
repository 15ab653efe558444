# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent: one job, one model, one sandbox; it ends with a verdict or with a submission to grade."""

from __future__ import annotations

from .budgets import BadBudgets, Budgets
from .job import Ending, Handed, Job, Probe
from .loop import Agent
from .text_calls import TextStyle
from .toolbox import Toolbox
from .transcript import Transcript, utc_now

__all__ = [
    "Agent",
    "BadBudgets",
    "Budgets",
    "Ending",
    "Handed",
    "Job",
    "Probe",
    "TextStyle",
    "Toolbox",
    "Transcript",
    "utc_now",
]
