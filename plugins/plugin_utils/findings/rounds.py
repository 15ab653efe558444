# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rule of replicates said of each cell, as it was recorded: no card computes a verdict of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..sweep.adaptive import CellLook, words
from ..sweep.confirmation import CONFIRMATION


def said_by_rule(summary: Mapping[str, Any], model: str) -> dict[str, dict[str, Any]]:
    """By cell, its newest look: `state`, `numbers`, the `round` it was taken in, and `text`."""
    found: dict[str, dict[str, Any]] = {}
    rounds = [one for one in summary.get("rounds", ()) if one["model"] == model]
    for one in sorted(rounds, key=lambda one: int(one["number"])):
        for decision in one["decisions"]:
            look = CellLook(**decision)
            said = {"state": look.state, "round": one["number"], "numbers": look.numbers, "text": _text(look)}
            found[look.cell] = said
    return found


def _text(look: CellLook) -> str:
    if look.numbers.get("why") == CONFIRMATION:
        return "the winning levels together, measured in a cell of their own"
    return words(look)
