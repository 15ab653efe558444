# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial may use. The model is not told, unless that is the factor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ...module_utils.errors import LabError

PROBE_FACTOR = 2.0
# A budget that binds no more; the window and the wall clock still do.
LIFTED = 2**31 - 1


class BadBudgets(LabError):
    """Budgets that no trial can be run under."""


@dataclass(frozen=True)
class Budgets:
    """`generated_tokens` is of the whole trial, reasoning included; `completion_tokens` of one model call.

    `turn_seconds` is how long one model call may stream (0: as long as the trial may last). `probe_factor` is how much
    more of a budget a trial gets after its verdict under that budget is fixed (1: it ends there).
    """

    turns: int
    generated_tokens: int
    completion_tokens: int
    wall_clock_seconds: float
    command_seconds: float
    turn_seconds: float = 0.0
    probe_factor: float = PROBE_FACTOR

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Budgets:
        values: dict[str, Any] = {}
        for field in fields(cls):
            value = given.get(field.name, field.default)
            lowest = {"turn_seconds": 0, "probe_factor": 1}.get(field.name)
            good = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not good or (value <= 0 if lowest is None else value < lowest):
                raise BadBudgets(f"The budget {field.name} is {value!r}.", _REMEDY)
            values[field.name] = value
        return cls(**values)

    def beyond(self, ceiling: str | None, detail: str | None) -> Budgets | None:
        """What a trial goes on under past a ceiling; None where more of a budget is not to be had.

        The budget that was reached is multiplied by the factor, the ones coupled to it are lifted. The wall clock is
        never lifted: the host is held for so long and no longer.
        """
        factor = self.probe_factor
        reached = detail if ceiling == "tokens" else ceiling
        if factor <= 1 or reached not in ("turns", "budget", "completion", "wall_clock"):
            return None
        more = replace(
            self,
            turns=LIFTED,
            generated_tokens=LIFTED,
            wall_clock_seconds=self.wall_clock_seconds * factor,
            turn_seconds=self.turn_seconds * factor,
        )
        if reached == "turns":
            return replace(more, turns=round(self.turns * factor))
        if reached == "budget":
            return replace(more, generated_tokens=round(self.generated_tokens * factor))
        if reached == "completion":
            doubled = round(self.completion_tokens * factor)
            return replace(more, completion_tokens=doubled, turns=round(self.turns * factor))
        return more


def trial_seconds(budgets: Mapping[str, Any]) -> float:
    """How long the agent of a trial under these budgets may go on, past its ceilings included."""
    return float(budgets["wall_clock_seconds"]) * float(budgets.get("probe_factor", PROBE_FACTOR))


_REMEDY = (
    "give turns, generated_tokens, completion_tokens, wall_clock_seconds and command_seconds, each more than zero, and "
    "if you like turn_seconds (0: no limit of its own) and probe_factor (1: no probe)"
)
