# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many replicates a cell gets, and which levels are shown better: one rule for both, docs/replicates.md says why.

A look is a function of the trials alone. Given what they did replicate by replicate, it goes through all looks from the
first, each on what was known then, so that a look at the end of a sweep says of every cell what was said when it
stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from ..stats import predictive_power, spent, steadiness_p_value, stratified_p_value, stratified_score, tidy
from .tally import Rule, Tally

__all__ = ["CellLook", "Rule", "State", "Tally", "look", "shown_better", "words"]

# A cell that has less than this chance to be shown better by the last look is stopped.
LEAST_CHANCE = 0.1
# A cell or a baseline that swings between replicates so clearly is not steady enough to be told better.
UNSTEADY = 0.02
# Of all canaries, the share that a cell must be compared on to be shown better.
LEAST_CANARIES = 2 / 3

State = Literal["baseline", "open", "efficacy", "futility", "exhausted"]


@dataclass(frozen=True)
class CellLook:
    """What is known of a cell. `replicates`: how many per canary it is to have from now on."""

    cell: str
    state: State
    replicates: int
    numbers: dict[str, Any]


def look(rule: Rule, tallies: Sequence[Tally]) -> list[CellLook]:
    """Every cell of one model on one host class but a confirmation's, in the order given.

    What never ran cannot win and takes no part of the risk, so it does not matter whether it is among them.
    """
    baseline = next((one for one in tallies if one.baseline), Tally("", True, {}, {}, 0))
    levels = [one for one in tallies if not one.baseline]
    canaries = len({canary for one in tallies for canary in one.counted})
    sharing = sum(1 for one in levels if any(one.counted.values()))
    found: dict[str, CellLook] = {}
    for number, replicates in enumerate(rule.looks, 1):
        known = baseline.by(replicates)
        seen = [
            _Comparison.at(rule, number, one, known, canaries)
            for one in levels
            if _is_seen(rule, number, one) and (one.cell not in found or found[one.cell].state == "open")
        ]
        won_before = sum(1 for one in found.values() if one.state == "efficacy")
        found |= _decided(rule, seen, sharing - won_before)
    looks = {one.cell: found.get(one.cell) or _not_looked_at(rule, one) for one in levels}
    target = max((one.replicates for one in looks.values() if one.state == "open"), default=0)
    return [looks[one.cell] if one.cell in looks else _of_baseline(one, target) for one in tallies]


def shown_better(looks: Iterable[CellLook]) -> list[str]:
    """The cells that may be adopted, the largest measured difference first."""
    won = [one for one in looks if one.state == "efficacy"]
    return [one.cell for one in sorted(won, key=lambda one: (-one.numbers["difference"], one.cell))]


def words(cell_look: CellLook) -> str:
    """One short sentence for a card."""
    numbers, state = cell_look.numbers, cell_look.state
    if state == "baseline":
        return "the baseline"
    if not numbers:
        return "ended before its first look" if state == "exhausted" else "not looked at yet"
    count, points = f"N = {numbers['replicates']} per canary", f"{round(100 * numbers['difference']):+d} points"
    p_value = "nothing to tell apart" if numbers["p_value"] is None else f"p = {numbers['p_value']:.2g}"
    if state == "efficacy":
        return (
            f"shown better at look {numbers['look']} ({count}): {points}, {p_value} "
            f"under a boundary of {numbers['boundary']:.2g}"
        )
    if state == "futility":
        return f"stopped after {count}: could not win any more ({points}, {p_value})"
    if state == "open":
        return f"open after {count}: {points}, {p_value}; goes on to N = {cell_look.replicates}"
    return f"not shown better after {count}: {points}, {p_value}{WHY_NOT[numbers['why']].format(**numbers)}"


WHY_NOT = {
    "over_boundary": " over a boundary of {boundary:.2g}",
    "repeats": " and more replicates would repeat these exactly",
    "unsteady": ", but it or the baseline swings between replicates more than chance (p = {steady_p_value:.2g})",
    "few_canaries": ", and only {canaries} of {all_canaries} canaries could be compared",
}


@dataclass(frozen=True)
class _Comparison:
    """A cell against the baseline at one look."""

    cell: str
    look: int
    replicates: int
    present: int
    fractions: tuple[float, float]
    strata: tuple[tuple[int, int, int, int], ...]
    canaries: int
    p_value: float | None
    steady_p_value: float | None
    repeats: bool

    @classmethod
    def at(cls, rule: Rule, number: int, level: Tally, baseline: Tally, canaries: int) -> _Comparison:
        replicates = rule.looks[number - 1]
        present, cut_off = level.replicates, level.cut_off and number == _reached(rule, level)
        level = level.by(replicates)
        no_more = cut_off or level.repeats_itself
        strata = tuple(
            (level.passed[canary], level.counted[canary], baseline.passed[canary], baseline.counted[canary])
            for canary in sorted(level.counted.keys() & baseline.counted.keys())
            if level.counted[canary] and baseline.counted[canary]
        )
        steady = [steadiness_p_value(one.history) for one in (level, baseline)]
        before = rule.looks[number - 2] / rule.most if number > 1 else 0.0
        now = 1.0 if no_more else replicates / rule.most
        return cls(
            cell=level.cell,
            look=number,
            replicates=replicates,
            present=present,
            fractions=(before, now),
            strata=strata,
            canaries=canaries,
            p_value=stratified_p_value(strata, "greater"),
            steady_p_value=min((one for one in steady if one is not None), default=None),
            repeats=level.repeats_itself,
        )

    @property
    def is_last(self) -> bool:
        return self.fractions[1] == 1

    def boundary(self, risk: float) -> float:
        """What this look may spend of the risk: sums up to it over the looks, however they hang together."""
        before, now = self.fractions
        return spent(risk, now) - (spent(risk, before) if before else 0.0)

    def why_not(self, risk: float) -> str | None:
        """What keeps the cell from being shown better, if anything does."""
        if self.p_value is None or self.p_value > self.boundary(risk):
            return "repeats" if self.repeats else "over_boundary"
        if len(self.strata) < LEAST_CANARIES * self.canaries:
            return "few_canaries"
        return "unsteady" if self.steady_p_value is not None and self.steady_p_value < UNSTEADY else None

    def looked(self, rule: Rule, risk: float) -> CellLook:
        why = self.why_not(risk)
        last = spent(risk, 1.0) - spent(risk, rule.looks[-2] / rule.most) if len(rule.looks) > 1 else risk
        chance = None if self.is_last else predictive_power(stratified_score(self.strata), last, self.fractions[1])
        differences = [Fraction(passed, trials) - Fraction(base, of) for passed, trials, base, of in self.strata]
        numbers = {
            "difference": tidy(float(sum(differences) / max(1, len(differences)))),
            "p_value": self.p_value,
            "boundary": tidy(self.boundary(risk)),
            "look": self.look,
            "replicates": self.replicates,
            "canaries": len(self.strata),
            "all_canaries": self.canaries,
            "steady_p_value": self.steady_p_value,
            "chance": tidy(chance),
            "why": why or "shown_better",
        }
        state: State = "open"
        if why is None:
            state = "efficacy"
        elif chance is None:
            state = "exhausted"
        elif chance < LEAST_CHANCE:
            state = "futility"
        target = rule.looks[self.look] if state == "open" else self.present
        return CellLook(self.cell, state, target, numbers)


def _is_seen(rule: Rule, number: int, level: Tally) -> bool:
    """Without a history, only the newest look can be taken: what was known at those before is not known any more."""
    reached = _reached(rule, level)
    return number <= reached if level.history else number == reached


def _not_looked_at(rule: Rule, level: Tally) -> CellLook:
    if level.cut_off:
        return CellLook(level.cell, "exhausted", level.replicates, {})
    return CellLook(level.cell, "open", rule.screen, {})


def _of_baseline(baseline: Tally, target: int) -> CellLook:
    """It is compared with every open cell, so it keeps up with them; unless it would only repeat itself."""
    more = 0 if baseline.repeats_itself else target
    return CellLook(baseline.cell, "baseline", max(baseline.replicates, more), {})


def _reached(rule: Rule, level: Tally) -> int:
    return sum(1 for replicates in rule.looks if replicates <= level.replicates)


def _decided(rule: Rule, seen: Sequence[_Comparison], undecided: int) -> dict[str, CellLook]:
    """Holm's steps: the levels not yet shown better share the risk, and each that is leaves more to the others."""
    found: dict[str, CellLook] = {}
    while True:
        risk = rule.wrong_adoption / rule.shared_by / max(1, undecided - len(found))
        looks = [one.looked(rule, risk) for one in seen if one.cell not in found]
        won = {one.cell: one for one in looks if one.state == "efficacy"}
        found |= won
        if not won:
            return found | {one.cell: one for one in looks}
