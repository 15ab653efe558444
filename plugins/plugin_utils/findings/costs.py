# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a passed canary costs: a cloud's tokens at the price of the day, one's own host by its energy and its price.

All counted trials are paid for, and the passed ones pay: what a failed trial cost is part of what a pass costs. What
the probe past a ceiling took is the lab's own expense and left out. Amounts in different currencies are never added.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from ..stats import proportion, tidy
from ..sweep.cloud import Cloud
from .words import NONE, listing, plural

JOULES_PER_KWH = 3_600_000
SECONDS_PER_HOUR = 3600
TOKENS = ("prompt_tokens", "cached_tokens", "generated_tokens", "reasoning_tokens")
COLUMNS = ("model", "host", "outcome", "started_at", "wall_seconds", *TOKENS, "energy_joules", "energy_from",
           "probe_wall_seconds")  # fmt: skip
OWN_HOST = ("energy", "host")
SOURCES = {"prices": "catalog prices", "energy": "energy alone", "host": "the host's price alone",
           "energy+host": "energy and the host's price"}  # fmt: skip


class Amount(NamedTuple):
    value: Decimal
    currency: str


Parts = dict[str, Amount]


def card_costs(summary: Mapping[str, Any], table: Any) -> dict[str, dict[str, Any] | None]:
    """Per cell of the table; None where neither a price nor the inventory says what anything costs."""
    if not _Costs(summary).any:
        return dict.fromkeys(map(str, table["cell"].unique()))
    found: dict[str, dict[str, Any] | None] = {}
    for cell, rows in table.groupby("cell", sort=False):
        counted = rows.loc[rows["counted"], list(COLUMNS)].to_dict("records")
        found[str(cell)] = cell_costs(summary, counted)
    return found


def cell_costs(summary: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The costs of one cell's counted trials, as rows of the table, and of a pass; its interval is the pass rate's."""
    costs = _Costs(summary)
    parts = [costs.of_trial(row) for row in rows]
    kinds = list(dict.fromkeys(kind for one in parts for kind in one))
    priced = [(one, row) for one, row in zip(parts, rows, strict=True) if kinds and set(kinds) <= set(one)]
    if not priced:
        return None
    passed = sum(row["outcome"] == "passed" for _unused, row in priced)
    sums = {kind: sum((one[kind].value for one, _unused in priced), Decimal(0)) for kind in kinds}
    currencies = {kind: sorted({one[kind].currency for one, _unused in priced}) for kind in kinds}
    paid_in = sorted({currency for found in currencies.values() for currency in found})
    total = sum(sums.values(), Decimal(0)) if len(paid_in) == 1 else None
    source = "+".join(kind for kind in OWN_HOST if kind in kinds) or "prices"
    return {
        "source": source,
        "leaves_out": [kind for kind in OWN_HOST if source != "prices" and kind not in kinds],
        "trials": len(rows),
        "priced": len(priced),
        "passed": passed,
        "currencies": paid_in,
        "parts": {kind: _money(sums[kind]) if len(currencies[kind]) == 1 else None for kind in kinds},
        "total": None if total is None else _money(total),
        "per_passed": None if total is None else _per_passed(total, passed, len(priced), paid_in[0], source),
        "energy": _energy([row for _unused, row in priced]),
    }


def _per_passed(total: Decimal, passed: int, tried: int, currency: str, source: str) -> dict[str, Any] | None:
    """None where nothing passed: no amount of money buys a pass then."""
    if not passed:
        return None
    rate, mean = proportion(passed, tried), float(total) / tried
    return {
        "amount": _money(total / passed),
        "low": tidy(mean / rate["high"]),
        "high": tidy(mean / rate["low"]),
        "currency": currency,
        "source": source,
    }


def _energy(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    known = [(joules, row) for row in rows if (joules := _own_joules(row)) is not None]
    if not known:
        return None
    return {
        "joules": tidy(sum(joules for joules, _unused in known)),
        "from": sorted({str(row["energy_from"]) for _unused, row in known}),
        "trials": len(known),
    }


def _own_joules(row: Mapping[str, Any]) -> float | None:
    """The energy without its probe's share: it was measured over the whole trial."""
    joules, whole_seconds = _known(row["energy_joules"]), _known(row["probe_wall_seconds"])
    if joules is None or not whole_seconds:
        return joules
    return joules * min(1.0, float(row["wall_seconds"]) / whole_seconds)


def _known(value: float | None) -> float | None:
    """A table says NaN where a record said nothing."""
    return None if value is None or math.isnan(value) else float(value)


def _money(amount: Decimal) -> float | None:
    return tidy(float(amount))


class _Costs:
    """What a trial cost, by kind; a kind that is not known is not in it."""

    def __init__(self, summary: Mapping[str, Any]) -> None:
        self._hosts = {host["name"]: _rates(host) for host in summary["hosts"]}
        self._clouds = {
            name: Cloud.from_dict(model["cloud"]) for name, model in summary["models"].items() if model.get("cloud")
        }

    @property
    def any(self) -> bool:
        return bool(self._clouds or any(self._hosts.values()))

    def of_trial(self, row: Mapping[str, Any]) -> Parts:
        cloud = self._clouds.get(row["model"])
        return self._of_cloud(cloud, row) if cloud else self._of_host(self._hosts.get(row["host"]) or {}, row)

    @staticmethod
    def _of_cloud(cloud: Cloud, row: Mapping[str, Any]) -> Parts:
        price = cloud.price_on(datetime.date.fromisoformat(row["started_at"][:10]))
        if price is None:
            return {}
        parts = price.parts(*(int(row[name]) for name in TOKENS))
        return {kind: Amount(value, price.currency) for kind, value in parts.items()}

    @staticmethod
    def _of_host(rates: Parts, row: Mapping[str, Any]) -> Parts:
        parts, joules = {}, _own_joules(row)
        if "energy" in rates and joules is not None:
            per_joule, currency = rates["energy"]
            parts["energy"] = Amount(_exact(joules) * per_joule, currency)
        if "host" in rates:
            per_second, currency = rates["host"]
            parts["host"] = Amount(_exact(row["wall_seconds"]) * per_second, currency)
        return parts


def _rates(host: Mapping[str, Any]) -> Parts:
    """What a joule and a second of this host cost, where the inventory says."""
    rates, tariff, price = {}, host.get("tariff"), host.get("price")
    if tariff:
        rates["energy"] = Amount(_exact(tariff["per_kwh"]) / JOULES_PER_KWH, tariff["currency"])
    if price:
        per_hour = _exact(price["amount"]) / _exact(price["lifetime_hours"])
        rates["host"] = Amount(per_hour / SECONDS_PER_HOUR, price["currency"])
    return rates


def _exact(number: float) -> Decimal:
    """The number as it was written: what a binary fraction adds is nobody's money."""
    return Decimal(str(number))


def money(value: float | None, currency: str = "") -> str:
    """`0.0042 EUR`: three significant digits, however small."""
    if value is None:
        return NONE
    return f"{Decimal(f'{value:.3g}'):f} {currency}".strip()


def cost_text(cost: Mapping[str, Any] | None) -> str:
    """`0.0042 EUR per passed canary (95 % interval 0.003–0.01), by energy alone`."""
    if cost is None:
        return "not known"
    if len(cost["currencies"]) > 1:
        return f"not added up: {listing(cost['currencies'])} are different currencies"
    if cost["per_passed"] is None:
        return f"{money(cost['total'], cost['currencies'][0])} for {plural(cost['priced'], 'trial')}, and none passed"
    paid = cost["per_passed"]
    text = f"{money(paid['amount'], paid['currency'])} per passed canary "
    return f"{text}(95 % interval {money(paid['low'])}–{money(paid['high'])}), by {SOURCES[cost['source']]}"
