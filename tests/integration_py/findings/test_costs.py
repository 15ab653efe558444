# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a passed canary costs: dated prices of a cloud, energy and price of a host of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import build_card, render_html, render_markdown
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings.costs import cell_costs, cost_text, money
from ansible_collections.local_llm.lab.plugins.plugin_utils.stats import proportion

Summary = dict[str, Any]
TARIFF = {"per_kwh": 0.3, "currency": "EUR"}
PRICE = {"amount": 3600.0, "currency": "EUR", "lifetime_hours": 36000.0}
CLOUD = {
    "id": "far-2026-03-01",
    "context_tokens": 200000,
    "prices": [
        {"from": "2026-01-01", "prompt_per_million": 2, "cached_per_million": 0.5, "generated_per_million": 10,
         "reasoning_per_million": 5, "currency": "USD"},
        {"from": "2026-06-01", "prompt_per_million": 1, "generated_per_million": 8, "currency": "USD"},
    ],
}  # fmt: skip


def on_host(**costs: Any) -> Summary:
    return {"hosts": [{"name": "box", "host_class": "c", **costs}], "models": {"m": {"cloud": None}}}


def on_cloud() -> Summary:
    return {"hosts": [{"name": "box", "host_class": "c"}], "models": {"m": {"cloud": CLOUD}}}


def trial(passed: bool = True, **row: Any) -> dict[str, Any]:
    used = {
        "prompt_tokens": 1_000_000,
        "cached_tokens": 400_000,
        "generated_tokens": 100_000,
        "reasoning_tokens": 60_000,
    }
    known = {"started_at": "2026-04-01T23:59:59Z", "wall_seconds": 36.0, "energy_joules": 3600.0, "energy_from": "rapl"}
    outcome = {"model": "m", "host": "box", "outcome": "passed" if passed else "failed", "probe_wall_seconds": None}
    return {**used, **known, **outcome, **row}


def costs_of(summary: Summary, *trials: dict[str, Any]) -> dict[str, Any]:
    found = cell_costs(summary, trials)
    assert found is not None
    return found


def test_a_cloud_is_paid_by_kind_at_the_price_of_the_day() -> None:
    found = costs_of(on_cloud(), trial())
    assert found["parts"] == {"fresh": 1.2, "cached": 0.2, "generated": 0.4, "reasoning": 0.3}
    assert (found["total"], found["source"], found["currencies"]) == (2.1, "prices", ["USD"])
    later = costs_of(on_cloud(), trial(started_at="2026-06-01T00:00:00Z"))
    assert later["parts"] == {"fresh": 0.6, "cached": 0.4, "generated": 0.32, "reasoning": 0.48}


def test_before_the_first_price_nothing_is_known() -> None:
    assert cell_costs(on_cloud(), [trial(started_at="2025-12-31T23:00:00Z")]) is None
    mixed = costs_of(on_cloud(), trial(), trial(started_at="2025-12-31T23:00:00Z"))
    assert (mixed["trials"], mixed["priced"], mixed["total"]) == (2, 1, 2.1)


def test_a_host_is_paid_by_its_energy_and_by_the_hours_of_its_life() -> None:
    """3600 J are a thousandth of a kWh; 36 s a hundredth of an hour that costs 0.10."""
    found = costs_of(on_host(tariff=TARIFF, price=PRICE), trial(), trial(passed=False))
    assert found["parts"] == {"energy": 0.0006, "host": 0.002}
    assert (found["source"], found["leaves_out"]) == ("energy+host", [])
    assert found["per_passed"]["amount"] == pytest.approx(0.0026)
    assert found["energy"] == {"joules": 7200.0, "from": ["rapl"], "trials": 2}


def test_the_failed_trials_are_paid_by_those_that_passed_and_the_interval_is_the_pass_rates() -> None:
    found = costs_of(on_host(price=PRICE), trial(), trial(passed=False), trial(passed=False), trial())
    rate = proportion(2, 4)
    assert found["per_passed"] == {
        "amount": pytest.approx(0.002),
        "low": pytest.approx(0.001 / rate["high"], rel=1e-5),
        "high": pytest.approx(0.001 / rate["low"], rel=1e-5),
        "currency": "EUR",
        "source": "host",
    }
    assert found["leaves_out"] == ["energy"]


def test_what_a_probe_took_is_not_what_the_trial_costs() -> None:
    alone = costs_of(on_host(tariff=TARIFF, price=PRICE), trial())
    probed = costs_of(on_host(tariff=TARIFF, price=PRICE), trial(energy_joules=7200.0, probe_wall_seconds=72.0))
    assert alone["parts"] == probed["parts"]


def test_where_no_trial_tells_its_energy_the_host_alone_is_counted_and_said_so() -> None:
    unknown = {"energy_joules": None, "energy_from": None}
    found = costs_of(on_host(tariff=TARIFF, price=PRICE), trial(**unknown), trial(**unknown))
    assert (found["source"], found["leaves_out"], found["energy"]) == ("host", ["energy"], None)
    assert "by the host's price alone" in cost_text(found)
    some = costs_of(on_host(tariff=TARIFF, price=PRICE), trial(**unknown), trial())
    assert (some["priced"], some["trials"], some["source"]) == (1, 2, "energy+host")


def test_different_currencies_are_never_added() -> None:
    found = costs_of(on_host(tariff=TARIFF, price=PRICE | {"currency": "USD"}), trial())
    assert found["parts"] == {"energy": 0.0003, "host": 0.001}
    assert (found["total"], found["per_passed"]) == (None, None)
    assert cost_text(found) == "not added up: EUR and USD are different currencies"


def test_without_a_pass_no_amount_buys_one() -> None:
    found = costs_of(on_host(price=PRICE), trial(passed=False), trial(passed=False))
    assert found["per_passed"] is None
    assert cost_text(found) == "0.002 EUR for 2 trials, and none passed"


@pytest.mark.parametrize("summary", [on_host(), on_host(tariff=TARIFF) | {"models": {"m": {}}}])
def test_where_nobody_says_what_anything_costs_the_card_does_not_either(summary: Summary) -> None:
    assert cell_costs(summary, [trial(energy_joules=float("nan"))]) is None
    assert cell_costs(summary, []) is None
    assert cost_text(None) == "not known"


@given(st.lists(st.tuples(st.booleans(), st.floats(0.1, 1e4), st.floats(0, 1e7)), min_size=1, max_size=12))
def test_the_parts_are_the_whole_and_a_pass_lies_in_its_interval(tried: list[tuple[bool, float, float]]) -> None:
    trials = [trial(passed, wall_seconds=wall, energy_joules=joules) for passed, wall, joules in tried]
    found = costs_of(on_host(tariff=TARIFF, price=PRICE), *trials)
    assert sum(found["parts"].values()) == pytest.approx(found["total"], rel=1e-4)
    paid = found["per_passed"]
    assert (paid is None) == (found["passed"] == 0)
    if paid:
        assert paid["low"] * (1 - 1e-5) <= paid["amount"] <= paid["high"] * (1 + 1e-5)


@pytest.mark.parametrize(("value", "text"), [(0.0000123456, "0.0000123"), (1234.5, "1230"), (0.0, "0"), (None, "–")])
def test_money_is_never_written_as_an_exponent(value: float | None, text: str) -> None:
    assert money(value) == text


def test_a_card_has_its_costs_among_what_was_measured(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(lambda *_unused: ("passed", None, None))
    summary["hosts"][0] |= {"tariff": TARIFF, "price": PRICE}
    for one in summary["trials"]:
        one["record"] |= {"energy_joules": 900.0, "energy_from": "nvidia_smi"}
    card = build_card(summary, "smollm2-135m", {})
    assert all(cost["per_passed"]["currency"] == "EUR" for cost in card["measured"]["costs"].values())
    lead = next(iter(card["measured"]["costs"].values()))
    assert cost_text(lead) in render_markdown(card)
    assert "Cost of a pass" in render_html(card)
    plain = build_card(summary_of(lambda *_unused: ("passed", None, None)), "smollm2-135m", {})
    assert set(plain["measured"]["costs"].values()) == {None}
    assert "## Costs" not in render_markdown(plain)
