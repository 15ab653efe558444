# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan will take: at most under its budgets, and as past trials went."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import (
    Amount,
    HostClass,
    Plan,
    PlannedCanary,
    Seen,
    expected,
    load_catalog,
    load_sweep,
    most,
    plan,
)

BUDGETS = {"turns": 6, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}
CANARIES = {"hello": PlannedCanary("d1", 0, BUDGETS), "sums": PlannedCanary("d2", 1, BUDGETS | {"turns": 10})}
HERE = HostClass("llama_cpp", "none", 16 * 2**30)
THERE = HostClass("lm_studio", "GB10", 128 * 2**30)
CLOUD = HostClass("openai_compatible", "none", 0)
CLOUDS = """models:
  opus:
    cloud:
      id: opus-20261101
      context_tokens: 8000
      prices:
        - {from: 2026-01-01, prompt_per_million: 2, cached_per_million: 1, generated_per_million: 10, currency: EUR}
"""
TODAY = datetime.date(2026, 11, 24)


@pytest.fixture
def planned(sweep_file: Callable[..., Path], catalog_file: Callable[..., Path]) -> Callable[..., Plan]:
    def make(*host_classes: HostClass) -> Plan:
        sweep = load_sweep(sweep_file("models: [tiny]", "models: [tiny, opus]"))
        catalog = load_catalog(catalog_file("models:\n", CLOUDS))
        return plan(sweep, catalog, CANARIES, host_classes, {one.id: {} for one in host_classes}, 1)

    return make


def test_the_most_is_every_trial_to_the_end_of_its_budgets(planned: Callable[..., Plan]) -> None:
    assert most(planned(HERE), TODAY) == Amount(
        trials=18 + 3,
        calls=9 * 6 + 9 * 10 + 2 + 2 * 6,
        generated_tokens=21 * 900,
        wall_seconds=18 * 120 * 2 + 3 * 120,  # past their ceilings twice as long, but for what frames the block
        money={},
    )


def test_where_the_decision_stays_open_it_is_as_often_more(planned: Callable[..., Plan]) -> None:
    once, thrice = most(planned(HERE), TODAY), most(planned(HERE), TODAY, 3)
    assert (thrice.trials, thrice.calls, thrice.wall_seconds) == (3 * 21, 3 * once.calls, 3 * once.wall_seconds)


def test_host_classes_run_side_by_side(planned: Callable[..., Plan]) -> None:
    alone, both = most(planned(HERE), TODAY), most(planned(HERE, THERE), TODAY)
    assert both.wall_seconds == alone.wall_seconds and both.trials == 2 * alone.trials


def test_a_cloud_s_money_is_at_the_prices_of_the_day(planned: Callable[..., Plan]) -> None:
    made = planned(CLOUD)
    prompt = (9 * 6 + 9 * 10) * 4096
    assert most(made, TODAY).money == {"EUR": pytest.approx((prompt * 2 + 18 * 900 * 10) / 1e6)}
    assert most(made, datetime.date(2025, 12, 31)).money == {}
    seen = {(CLOUD.id, "opus"): Seen(30.0, 50_000, 40_000, 500)}
    assert expected(made, seen, TODAY) == Amount(
        trials=18,
        generated_tokens=9000,
        wall_seconds=540.0,
        money={"EUR": pytest.approx(18 * (10_000 * 2 + 40_000 * 1 + 500 * 10) / 1e6)},
    )


def test_what_was_never_seen_is_not_guessed(planned: Callable[..., Plan]) -> None:
    made = planned(HERE, THERE, CLOUD)
    assert expected(made, {}, TODAY) is None
    found = expected(
        made, {(THERE.id, "tiny"): Seen(60.0, 9000, 0, 400), ("elsewhere", "tiny"): Seen(1, 1, 1, 1)}, TODAY
    )
    assert found == Amount(trials=21, generated_tokens=8400, wall_seconds=1260.0)
