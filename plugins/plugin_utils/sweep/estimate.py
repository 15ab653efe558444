# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan will take, before it starts: at most, and as far as past trials tell."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ..agent.budgets import trial_seconds
from .cloud import Cloud, Price
from .plan import Plan


class Seen(NamedTuple):
    """What a trial of a model on a class of hosts took: the median of each over past trials."""

    seconds: float
    prompt_tokens: float
    cached_tokens: float
    generated_tokens: float
    reasoning_tokens: float = 0.0


@dataclass
class Amount:
    """What trials take. Host classes run side by side; `money` is by currency, of clouds with a price alone."""

    trials: int = 0
    calls: int = 0
    generated_tokens: int = 0
    wall_seconds: float = 0.0
    money: dict[str, float] = field(default_factory=dict)


def most(plan: Plan, on_day: datetime.date, times: float = 1.0) -> Amount:
    """Every trial, warm-ups and anchors included, to the end of its budgets; `times` as many where the decision is
    still open for every cell. `wall_seconds` alone includes what goes on past a ceiling: only time bounds that."""
    prices = _prices(plan, on_day)
    # A plan has many trials and few kinds of them.
    kinds = Counter((trial.host_class, trial.model, id(trial.budgets), id(trial.load)) for trial in plan.trials)
    shown = {(trial.host_class, trial.model, id(trial.budgets), id(trial.load)): trial for trial in plan.trials}
    amount, seconds, money = Amount(), defaultdict[str, float](float), defaultdict[str, float](float)
    for kind, of_plan in kinds.items():
        trial, count = shown[kind], of_plan * times
        turns, generated = int(trial.budgets["turns"]), int(trial.budgets["generated_tokens"])
        amount.trials += round(count)
        amount.calls += round(count * turns)
        amount.generated_tokens += round(count * generated)
        seconds[trial.host_class] += count * trial_seconds(trial.budgets)
        if price := prices.get(trial.model):
            prompt = turns * int(trial.load["context_tokens"])
            money[price.currency] += float(price.cost(prompt, 0, generated)) * count
    amount.wall_seconds = max(seconds.values(), default=0.0)
    amount.money = dict(sorted(money.items()))
    return amount


def expected(plan: Plan, seen: Mapping[tuple[str, str], Seen], on_day: datetime.date) -> Amount | None:
    """As past trials of the same model on the same class of hosts went; None where there were none of any of them.

    `trials` says for how many it could be told.
    """
    prices = _prices(plan, on_day)
    amount, seconds, money = Amount(), defaultdict[str, float](float), defaultdict[str, float](float)
    for (host_class, model), count in Counter((trial.host_class, trial.model) for trial in plan.trials).items():
        one = seen.get((host_class, model))
        if one is None:
            continue
        amount.trials += count
        amount.generated_tokens += round(one.generated_tokens * count)
        seconds[host_class] += one.seconds * count
        if price := prices.get(model):
            cost = price.cost(*(round(tokens) for tokens in one[1:]))
            money[price.currency] += float(cost * count)
    amount.wall_seconds = max(seconds.values(), default=0.0)
    amount.money = dict(sorted(money.items()))
    return amount if amount.trials else None


def _prices(plan: Plan, on_day: datetime.date) -> dict[str, Price]:
    clouds = {name: Cloud.from_dict(model["cloud"]) for name, model in plan.models.items() if model["cloud"]}
    return {name: price for name, cloud in clouds.items() if (price := cloud.price_on(on_day))}
