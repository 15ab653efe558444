# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model that a cloud API serves: its dated id, its window, and what a token costs on which day."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MILLION = 1_000_000
RATES = ("prompt_per_million", "cached_per_million", "generated_per_million")


@dataclass(frozen=True)
class Price:
    """Per million tokens, from a day on. Decimal, since it is money."""

    from_day: datetime.date
    prompt_per_million: Decimal
    cached_per_million: Decimal
    generated_per_million: Decimal
    currency: str

    def cost(self, prompt_tokens: int, cached_tokens: int, generated_tokens: int) -> Decimal:
        """What these tokens cost. `cached_tokens` are those of the prompt that the API read from its cache."""
        fresh = max(0, prompt_tokens - cached_tokens)
        return (
            fresh * self.prompt_per_million
            + cached_tokens * self.cached_per_million
            + generated_tokens * self.generated_per_million
        ) / MILLION

    def as_dict(self) -> dict[str, Any]:
        rates = {rate: float(getattr(self, rate)) for rate in RATES}
        return {"from": self.from_day.isoformat(), **rates, "currency": self.currency}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Price:
        """Without a price of its own, a cached token costs what any token of the prompt does."""
        rates = {rate: Decimal(str(plain.get(rate, plain["prompt_per_million"]))) for rate in RATES}
        return cls(datetime.date.fromisoformat(plain["from"]), currency=str(plain["currency"]), **rates)


@dataclass(frozen=True)
class Cloud:
    """`id` is what the API calls the model, dated, so that it stays the same model. Prices, the newest last."""

    id: str
    context_tokens: int
    prices: tuple[Price, ...] = ()

    def price_on(self, day: datetime.date) -> Price | None:
        """The price in force on a day, or None before the first."""
        return next((price for price in reversed(self.prices) if price.from_day <= day), None)

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "context_tokens": self.context_tokens,
            "prices": [price.as_dict() for price in self.prices],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Cloud:
        prices = sorted(map(Price.from_dict, plain.get("prices") or ()), key=lambda price: price.from_day)
        return cls(str(plain["id"]), int(plain["context_tokens"]), tuple(prices))
