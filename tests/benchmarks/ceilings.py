# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often the diagnosis of a canary's budgets is right, over simulated agents whose truth is known.

The scenario, drawn anew for each case (`tests/fakes/stochastic_agents.py`): a budget of 20 to 60 turns, 150 to 600
tokens a turn (log-normal, 0.5 within a trial, 0.2 between them, so tokens go with turns), the other budget two to four
times as ample, N = 3 to 8 trials, probes of twice the budget. In equal parts:

- limited by turns, or by tokens: log-normal need, median 1.1 to 1.7 times the budget, spread 0.15 to 0.4. So 5 to 40 %
  of the tries pass within the budget, and up to a third needs more than the probe gives.
- fitting: median 0.3 to 0.6 times the budget, spread 0.15 to 0.3; at most one try in twenty needs more than it.
- not capable: no try ever passes. It hands in what is wrong, gives up or stands still at a log-normal turn around 0.8
  times the budget, is then seen to loop or never is, and one try in ten changes something new for ever.

Of the capable, 30 % of the tries are flaky: they go wrong in one of those ways, at a random turn of what they need. One
that stands still gets somewhere in 3 % of its turns by chance, one that works in 30 to 70 % of them.

Right is: the limit's name where a budget stands in the way, else `capability` or `fits`; `unresolved` is never right.
`false_capability_pct` is of the cases that would pass under some budget.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.ceilings import AXES, Run, diagnose

from ..fakes.stochastic_agents import TRUTHS, Agent, agent, record

CASES = 8000
REPLICATES = range(3, 9)
# Needs past what a probe gives: more budget would pass and mostly cannot be seen to, so here silence is right.
FAR, FAR_CASES = (2.0, 4.0), 2000
FRESH_TRIES = 20


Case = tuple[str, str, list[bool]]


def measure(_scratch: Path) -> dict[str, float]:
    chance = random.Random(5)
    cases = simulate(CASES, chance)
    far = [diagnosed(agent(TRUTHS[number % 2], chance, FAR), replicates(number), chance) for number in range(FAR_CASES)]
    return {
        "cases": CASES,
        **rates(cases),
        "false_capability_far_pct": percent(verdict == "capability" for verdict, _unused in far),
        **{
            f"{truth}_right_pct": rates([one for one in cases if one[0] == truth])["diagnosed_right_pct"]
            for truth in TRUTHS
        },
    }


def rates(cases: Sequence[Case]) -> dict[str, float]:
    return {
        "diagnosed_right_pct": percent(truth == said for truth, said, _unused in cases),
        "false_capability_pct": percent(
            said == "capability" for truth, said, _unused in cases if truth != "capability"
        ),
        "recommended_enough_pct": percent(enough for _truth, _said, tries in cases for enough in tries),
    }


def simulate(cases: int, chance: random.Random) -> list[Case]:
    """Per case its truth, what was said, and where a limit was found: which fresh tries pass under its new budgets."""
    found = []
    for number in range(cases):
        one = agent(TRUTHS[number % len(TRUTHS)], chance)
        said, recommended = diagnosed(one, replicates(number // len(TRUTHS)), chance)
        limited = said == one.truth and said in ("turns", "generated_tokens")
        found.append((one.truth, said, fresh_tries(one, recommended, chance) if limited else []))
    return found


def replicates(number: int) -> int:
    return REPLICATES[number % len(REPLICATES)]


def diagnosed(one: Agent, times: int, chance: random.Random) -> tuple[str, dict[str, Any]]:
    """The limit that is said to stand in the way, or the verdict, and the budgets recommended."""
    records = [record(one.budgets, one.draw(chance), chance) for _unused in range(times)]
    found = diagnose([Run.from_record(each) for each in records])
    return found["limit"] if found["verdict"] == "confirmed" else found["verdict"], found["recommended"]


def fresh_tries(one: Agent, recommended: Mapping[str, Any], chance: random.Random) -> list[bool]:
    """Whether tries that do not go wrong by chance pass under the budgets that were recommended."""
    given = replace(one.budgets, **{axis: recommended[axis] for axis in AXES}, probe_factor=1.0)
    tries = [one.draw(chance) for _unused in range(FRESH_TRIES)]
    return [record(given, each, chance)["outcome"] == "passed" for each in tries if each.how == "passed"]


def percent(held: Iterable[bool]) -> float:
    values = list(held)
    return round(100 * sum(values) / len(values), 2) if values else 0.0
