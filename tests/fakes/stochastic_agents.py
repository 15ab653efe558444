# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated: agents that need more or less of a budget by chance, and the records their trials would leave.

No engine and no sandbox, but the product's own rules: `Budgets.beyond` says what a trial goes on under, `final` what it
comes to, `still_moving` and `reads` what its probe says. In which order a loop meets its limits is `agent/loop.py`'s.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent import Budgets, Ending
from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.job import SUBMITTED, failed
from ansible_collections.local_llm.lab.plugins.plugin_utils.outcome import Verdict
from ansible_collections.local_llm.lab.plugins.plugin_utils.trial.verdict import final, reads, still_moving

TRUTHS = ("turns", "generated_tokens", "capability", "fits")
TURNS, TOKENS_PER_TURN = 40, 300
FLAKY = 0.3
THRASHES = 0.2
# A turn of one that stands still stumbles over a state that was not there before.
RARELY = 0.03
NEVER = 10**9


@dataclass(frozen=True)
class Try:
    """What one trial would do without any budget: after how many turns it ends, and how.

    `moves` is the chance of a turn to get somewhere; from `stuck` on that is rare.
    """

    ends: int
    how: str
    tokens_per_turn: float
    moves: float = 0.5
    stuck: int = NEVER


@dataclass(frozen=True)
class Agent:
    """A model on a canary: what stands in its way, what it is given, and how its tries are drawn."""

    truth: str
    budgets: Budgets
    draw: Callable[[random.Random], Try]


def agent(truth: str, chance: random.Random, needs: tuple[float, float] = (1.1, 1.7)) -> Agent:
    """One with random budgets and a random need; its truth holds by how they are drawn.

    Limited by a budget: the median try needs `needs` times of it, and half or less of the other budget. Fitting: at
    most one try in twenty needs more than either. Not capable: no try ever passes.
    """
    per_turn, ample = TOKENS_PER_TURN * chance.uniform(0.5, 2), chance.uniform(2, 4)
    limit = round(TURNS * chance.uniform(0.5, 1.5))
    tokens = round(limit * per_turn)
    by_tokens = truth == "generated_tokens"
    budgets = _budgets(round(limit * ample), tokens) if by_tokens else _budgets(limit, round(tokens * ample))
    if truth == "capability":
        return Agent(truth, budgets, lambda draws: _not_capable(draws, limit, per_turn))
    fits = truth == "fits"
    median = limit * (chance.uniform(0.3, 0.6) if fits else chance.uniform(*needs))
    spread = chance.uniform(0.15, 0.3 if fits else 0.4)
    return Agent(truth, budgets, lambda draws: _capable(draws, median, spread, per_turn))


def _budgets(turns: int, tokens: int) -> Budgets:
    return Budgets(turns, tokens, completion_tokens=tokens, wall_clock_seconds=1e9, command_seconds=60)


def _capable(chance: random.Random, median: float, spread: float, per_turn: float) -> Try:
    """Passes after as many turns as it needs, but for the flaky share, which goes wrong somewhere on the way."""
    need, tokens = max(2, round(_lognormal(chance, median, spread))), _lognormal(chance, per_turn, 0.2)
    if chance.random() < FLAKY:
        return _goes_wrong(chance, chance.randint(1, need), tokens)
    return Try(need, "passed", tokens, moves=chance.uniform(0.3, 0.7))


def _not_capable(chance: random.Random, limit: int, per_turn: float) -> Try:
    """Goes wrong sooner or later; or, now and then, changes one thing after the other for ever."""
    tokens = _lognormal(chance, per_turn, 0.2)
    if chance.random() < THRASHES * chance.random():
        return Try(NEVER, "looping", tokens)
    return _goes_wrong(chance, max(1, round(_lognormal(chance, limit * 0.8, 0.5))), tokens)


def _goes_wrong(chance: random.Random, at: int, tokens: float) -> Try:
    """Hands in what is wrong, gives up, or stands still: until it is seen to go round in circles, or it never is."""
    if chance.random() < 0.5:
        return Try(at, chance.choice(("wrong_result", "declared_done_early", "silent_give_up")), tokens)
    seen = at + math.ceil(chance.expovariate(1 / 20))
    return Try(seen if chance.random() < 0.5 else NEVER, "looping", tokens, stuck=at)


def _lognormal(chance: random.Random, median: float, spread: float) -> float:
    return median * math.exp(chance.gauss(0, spread))


def record(budgets: Budgets, one: Try, chance: random.Random) -> dict[str, Any]:
    """What the runtime would have recorded of it, as far as budgets are judged by it."""
    course = Course(one, chance)
    ending = course.until_end(budgets)
    reached, at = _final(ending, one), course.used()
    probe = None
    if reached.ceiling not in (None, "capability"):
        beyond = budgets.beyond(reached.ceiling, reached.detail)
        ended = _final(ending if beyond is None else course.until_end(beyond), one)
        used = course.used()
        says, why = reads(reached, ended, still_moving(at, used))
        probe = {"factor": budgets.probe_factor, "reads": says, "why": why, "ended": str(ended), "used": used}
    came_to = {"outcome": reached.outcome, "ceiling": reached.ceiling, "detail": reached.detail}
    return {**came_to, **at, "budgets": dict(vars(budgets)), "probe": probe}


def _final(ending: Ending, one: Try) -> Verdict:
    tests = "red" if one.how == "declared_done_early" else "green"
    return final(ending, one.how == "passed", solvable=True, has_visible_tests=True, visible_tests=tests)


class Course:
    """One try under budgets, and past them: what is used stays used."""

    def __init__(self, one: Try, chance: random.Random) -> None:
        self._try, self._chance = one, chance
        self._turns = self._tokens = self._progress = self._done = 0
        self._costs = self._turn_costs()
        self._cost = next(self._costs)

    def used(self) -> dict[str, int]:
        return {"turns": self._turns, "generated_tokens": self._tokens, "last_progress_turn": self._progress}

    def until_end(self, budgets: Budgets) -> Ending:
        while True:
            left = budgets.generated_tokens - self._tokens
            if left <= 0:
                return failed("tokens", "budget")
            if self._turns >= budgets.turns:
                return failed("turns")
            self._turns += 1
            if self._cost > left:  # the reply is cut, and goes on in the probe
                self._tokens, self._cost = self._tokens + left, self._cost - left
                return failed("tokens", "budget")
            self._tokens, self._cost, self._done = self._tokens + self._cost, next(self._costs), self._done + 1
            if self._chance.random() < (self._try.moves if self._done < self._try.stuck else RARELY):
                self._progress = self._turns
            if self._done >= self._try.ends:
                how = self._try.how
                return failed("capability", how) if how in ("looping", "silent_give_up") else SUBMITTED

    def _turn_costs(self) -> Iterator[int]:
        while True:
            yield max(1, round(_lognormal(self._chance, self._try.tokens_per_turn, 0.5)))
