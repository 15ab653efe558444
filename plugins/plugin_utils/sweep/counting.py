# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which trials count. The looks between rounds and the finding cards both ask here, so that they cannot disagree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# Why a trial is in no denominator, the first that holds: it only warmed up or framed its block, the host's speed
# drifted under it, its factor did not take effect, it did not end yet, it was not the model's doing (void, interface),
# or it is word for word what an earlier replicate of its cell and canary was.
REASONS = ("warm_up", "anchor", "drift", "not_applied", "open", "void", "interface", "repeat")


def left_out(trial: Mapping[str, Any], *, drifted: bool = False, not_applied: bool = False) -> str | None:
    """Why a trial does not count, or None; a repeat only shows beside the others, in `reasons`.

    `trial` is as in the store's summary. `drifted` says so of its block, `not_applied` of its cell.
    """
    purpose = trial.get("purpose", "measure")
    if purpose != "measure":
        return str(purpose)
    if drifted:
        return "drift"
    if not_applied:
        return "not_applied"
    record = trial.get("record") or {}
    if trial["state"] == "void" or record.get("outcome") == "void":
        return "void"
    if not record:
        return "open"
    return "interface" if record.get("ceiling") == "interface" else None


def reasons(
    trials: Iterable[Mapping[str, Any]], cells: Iterable[Mapping[str, Any]], blocks: Iterable[Mapping[str, Any]]
) -> dict[str, str | None]:
    """By the trial's id, why it does not count; all three as in the store's summary.

    Identical generations in a cell and canary are one replicate, the first of them, at any temperature.
    """
    host_class = {cell["id"]: cell["host_class"] for cell in cells}
    refused = {cell["id"] for cell in cells if cell["state"] == "factor_not_applied"}
    drifted = {(block["host_class"], block["number"]) for block in blocks if block["state"] == "drifted"}
    found: dict[str, str | None] = {}
    seen: set[tuple[str, str, str]] = set()
    for trial in sorted(trials, key=lambda one: (one["replicate"], one["id"])):
        in_drift = (host_class[trial["cell"]], trial.get("block")) in drifted
        why = left_out(trial, drifted=in_drift, not_applied=trial["cell"] in refused)
        generated = (trial.get("record") or {}).get("generations_sha256")
        if why is None and generated:
            this = (trial["cell"], trial["canary"], generated)
            why = "repeat" if this in seen else None
            seen.add(this)
        found[trial["id"]] = why
    return found
