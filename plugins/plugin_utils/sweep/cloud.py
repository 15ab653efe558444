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
RATES = ("prompt_per_million", "cached_per_million", "generated_per_million", "reasoning_per_million")
# What a rate is, where an entry leaves it out.
SAME_AS = {"cached_per_million": "prompt_per_million", "reasoning_per_million": "generated_per_million"}


@dataclass(frozen=True)
class Price:
    """Per million tokens, from a day on. Decimal, since it is money."""

    from_day: datetime.date
    prompt_per_million: Decimal
    cached_per_million: Decimal
    generated_per_million: Decimal
    reasoning_per_million: Decimal
    currency: str

    def parts(
        self, prompt_tokens: int, cached_tokens: int, generated_tokens: int, reasoning_tokens: int = 0
    ) -> dict[str, Decimal]:
        """What these tokens cost, by kind. `cached_tokens` are those of the prompt that the API read from its cache,
        `reasoning_tokens` those of the generated ones that it reasoned with."""
        cached, reasoning = min(cached_tokens, prompt_tokens), min(reasoning_tokens, generated_tokens)
        return {
            "fresh": (prompt_tokens - cached) * self.prompt_per_million / MILLION,
            "cached": cached * self.cached_per_million / MILLION,
            "generated": (generated_tokens - reasoning) * self.generated_per_million / MILLION,
            "reasoning": reasoning * self.reasoning_per_million / MILLION,
        }

    def cost(self, prompt_tokens: int, cached_tokens: int, generated_tokens: int, reasoning_tokens: int = 0) -> Decimal:
        """What these tokens cost together."""
        parts = self.parts(prompt_tokens, cached_tokens, generated_tokens, reasoning_tokens)
        return sum(parts.values(), Decimal(0))

    def as_dict(self) -> dict[str, Any]:
        rates = {rate: float(getattr(self, rate)) for rate in RATES}
        return {"from": self.from_day.isoformat(), **rates, "currency": self.currency}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Price:
        """Without a price of its own, a cached token costs as any of the prompt, reasoning as any generated token."""
        rates = {rate: Decimal(str(plain[rate if rate in plain else SAME_AS[rate]])) for rate in RATES}
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
