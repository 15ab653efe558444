# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial may use. The model is not told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ...module_utils.errors import LabError


class BadBudgets(LabError):
    """Budgets that no trial can be run under."""


@dataclass(frozen=True)
class Budgets:
    """`generated_tokens` is of the whole trial, reasoning included; `completion_tokens` of one model call."""

    turns: int
    generated_tokens: int
    completion_tokens: int
    wall_clock_seconds: float
    command_seconds: float

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Budgets:
        names = [field.name for field in fields(cls)]
        for name in names:
            value = given.get(name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
                raise BadBudgets(f"The budget {name} is {value!r}.", f"give {', '.join(names)}, each more than zero")
        return cls(**{name: given[name] for name in names})
