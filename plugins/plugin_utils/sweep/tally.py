# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rule of replicates is asked with: how much may be risked and run, and what the cells did so far."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from typing import Any

# Replicates grow by about this factor from look to look: each look reloads models.
GROWTH = 1.6


@dataclass(frozen=True)
class Rule:
    """`wrong_adoption` is the risk of taking a level that is no better. `shared_by`: how many models and host classes,
    each looked at on its own, share it."""

    wrong_adoption: float
    screen: int
    most: int
    shared_by: int = 1

    @classmethod
    def of(cls, sweep: Mapping[str, Any], cells: Iterable[Mapping[str, Any]]) -> Rule:
        """The rule of a generation, from its sweep and all its cells as the store's summary has them."""
        compared = {(cell["model"], cell["host_class"]) for cell in cells if cell["factor"] is not None}
        limits = (int(sweep["replicates"]), int(sweep["most_replicates"]))
        return cls(float(sweep["wrong_adoption"]), *limits, shared_by=max(1, len(compared)))

    @cached_property
    def looks(self) -> tuple[int, ...]:
        """Replicates per canary at each look."""
        steps = max(1, round(math.log(self.most / self.screen) / math.log(GROWTH)))
        reached = [round(self.screen * (self.most / self.screen) ** (step / steps)) for step in range(steps + 1)]
        return tuple(sorted(set(reached)))


@dataclass(frozen=True)
class Tally:
    """What a cell did: passed and counted trials per canary, and how many replicates each canary had so far.

    `history` has each canary's first trial, then each one's second and so on: of those that count, whether they passed.
    `cut_off`: the cell gets no more, whatever a look says (the budget is spent, it is unstable), so that its newest
    look is its last.
    """

    cell: str
    baseline: bool
    passed: Mapping[str, int]
    counted: Mapping[str, int]
    replicates: int
    history: Sequence[Mapping[str, bool]] = field(default=(), repr=False)
    cut_off: bool = False

    @classmethod
    def of(
        cls, cell: str, baseline: bool, trials: Iterable[tuple[str, int, bool | None]], cut_off: bool = False
    ) -> Tally:
        """From canary, replicate and whether it passed (None: it does not count) of every trial of the cell that has
        ended, measures, and lies in no drifted block."""
        by_canary: dict[str, list[bool | None]] = {}
        for canary, _replicate, result in sorted(trials, key=lambda trial: trial[:2]):
            by_canary.setdefault(canary, []).append(result)
        return cls(
            cell,
            baseline,
            {canary: results.count(True) for canary, results in by_canary.items()},
            {canary: len(results) - results.count(None) for canary, results in by_canary.items()},
            min((len(results) for results in by_canary.values()), default=0),
            tuple(
                {canary: result for canary, result in zip(by_canary, row, strict=True) if result is not None}
                for row in zip_longest(*by_canary.values())
            ),
            cut_off,
        )

    def by(self, replicates: int) -> Tally:
        """What was known after so many replicates."""
        if replicates >= len(self.history):
            return self
        seen = self.history[:replicates]
        return Tally(
            self.cell,
            self.baseline,
            {canary: sum(results.get(canary, False) for results in seen) for canary in self.counted},
            {canary: sum(canary in results for results in seen) for canary in self.counted},
            replicates,
            seen,
        )

    @property
    def repeats_itself(self) -> bool:
        """Nothing counted but the first replicate: at temperature 0 the others are the same experiment."""
        return len(self.history) > 1 and not any(self.history[1:])
