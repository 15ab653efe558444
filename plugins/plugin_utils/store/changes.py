# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed between what an open generation planned and what is asked for now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..sweep.plan import Plan

# Parts of a sweep that may change: they say how to order or judge trials, not which trials there are.
FREE = ("description", "seed", "good_enough", "limits", "most_replicates")
RISK = "wrong_adoption"
# Of a model, what its trials' ids are made from.
IDENTITY = ("digest", "quants", "draft", "profiles")


def differences(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = "") -> list[str]:
    """`engine_build: 1 -> 2`, one entry for each changed value, in the order of their names."""
    changes = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            changes += differences(old, new, f"{prefix}{key}.")
        elif old != new:
            changes.append(f"{prefix}{key}: {_shown(old)} -> {_shown(new)}")
    return changes


def risk_changes(row: Mapping[str, Any], definition: Mapping[str, Any]) -> list[str]:
    """The risk is fixed with the first plan: chosen after a look, it would be chosen by what the look showed."""
    asked = definition.get(RISK)
    return differences({RISK: (row["definition"] or {}).get(RISK, asked)}, {RISK: asked})


def sweep_changes(
    row: Mapping[str, Any], held: Mapping[str, Mapping[str, Any]], plan: Plan, definition: Mapping[str, Any]
) -> list[str]:
    """Why trials of the generation are not in the plan any more, or are there under other budgets; else nothing.

    Only what was planned with the sweep and is measured: the rest came of what was recorded, or stands in a block.
    """
    planned = {trial.id: trial for trial in plan.trials}
    ours = {
        trial_id: trial
        for trial_id, trial in held.items()
        if trial["host_class"] in plan.stacks and trial["stage"] == "screen" and trial["purpose"] == "measure"
    }
    same = all(key in planned and trial["budgets"] == planned[key].budgets for key, trial in ours.items())
    if same:
        return []
    changes = []
    for name, model in plan.models.items():
        known = row["models"].get(name, model)
        if any((known.get(key) or {}) != (model.get(key) or {}) for key in IDENTITY):
            changes.append(f"model {name}: {', '.join(differences(known, model))}")
    canaries = {trial["canary"]: trial["canary_digest"] for trial in ours.values()}
    for name, digest in {trial.canary: trial.canary_digest for trial in plan.trials}.items():
        if canaries.get(name, digest) != digest:
            changes.append(f"the files of canary {name}")
    before, after = ({key: one[key] for key in one if key not in FREE} for one in (row["definition"], definition))
    return changes + differences(before, after) or ["the budgets of its trials"]


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
