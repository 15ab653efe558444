# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan will take, before it starts."""

from __future__ import annotations

from typing import Any

from ..agent.budgets import trial_seconds
from .plan import Plan


def estimate(plan: Plan) -> dict[str, Any]:
    """The most a plan can take: every trial to the end of its budgets, the host classes side by side."""
    wall_seconds: dict[str, float] = {}
    for trial in plan.trials:
        taken = wall_seconds.get(trial.host_class, 0.0)
        wall_seconds[trial.host_class] = taken + trial_seconds(trial.budgets)
    return {
        "trials": len(plan.trials),
        "calls_max": sum(int(trial.budgets["turns"]) for trial in plan.trials),
        "generated_tokens_max": sum(int(trial.budgets["generated_tokens"]) for trial in plan.trials),
        "wall_seconds_max": max(wall_seconds.values(), default=0.0),
    }
