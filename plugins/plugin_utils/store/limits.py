# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sweep may take in all, and what its generation has taken."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..sweep.cloud import Cloud
from . import counts, taken
from .tables import TOKENS

if TYPE_CHECKING:
    from sqlalchemy import Connection

SECONDS_PER_HOUR = 3600.0


def reached(connection: Connection, generation: Mapping[str, Any], host: str) -> dict[str, Any] | None:
    """The first limit that is reached (limit, allowed, taken), before one more trial; `hours` are this host's.

    Trials that run count as trials; what they will take is not known yet.
    """
    limits = (generation["definition"] or {}).get("limits") or {}
    for name in ("trials", "generated_tokens", "hours", "money"):
        if name in limits:
            so_far = _TAKEN[name](connection, generation, host)
            if so_far >= limits[name]:
                return {"limit": name, "allowed": limits[name], "taken": so_far}
    return None


def _trials(connection: Connection, generation: Mapping[str, Any], _host: str) -> int:
    return counts.begun(connection, generation["id"])


def _generated_tokens(connection: Connection, generation: Mapping[str, Any], _host: str) -> int:
    return sum(row["generated_tokens"] for row in taken.by_day(connection, generation["id"]))


def _hours(connection: Connection, generation: Mapping[str, Any], host: str) -> float:
    seconds: float = sum(row["seconds"] for row in taken.by_day(connection, generation["id"]) if row["host"] == host)
    return round(seconds / SECONDS_PER_HOUR, 4)


def _money(connection: Connection, generation: Mapping[str, Any], _host: str) -> float:
    """At the prices of each trial's day."""
    spent = Decimal(0)
    for row in taken.by_day(connection, generation["id"]):
        cloud = generation["models"].get(row["model"], {}).get("cloud")
        price = Cloud.from_dict(cloud).price_on(datetime.date.fromisoformat(row["day"])) if cloud else None
        if price:
            spent += price.cost(*(row[name] for name in TOKENS))
    return float(spent)


_TAKEN = {"trials": _trials, "generated_tokens": _generated_tokens, "hours": _hours, "money": _money}
