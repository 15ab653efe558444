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
from .tables import tables

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

SECONDS_PER_HOUR = 3600.0


def reached(connection: Connection, generation: Mapping[str, Any], host: str) -> dict[str, Any] | None:
    """The first limit that is reached (limit, allowed, taken), before one more trial; `hours` are this host's.

    Trials that run count as trials; what they will take is not known yet.
    """
    limits = (generation["definition"] or {}).get("limits") or {}
    for name in ("trials", "generated_tokens", "hours", "money"):
        if name in limits:
            taken = _TAKEN[name](connection, generation, host)
            if taken >= limits[name]:
                return {"limit": name, "allowed": limits[name], "taken": taken}
    return None


def _trials(connection: Connection, generation: Mapping[str, Any], _host: str) -> int:
    from sqlalchemy import func, select

    trials = tables().trials
    query = select(func.count()).select_from(trials).where(trials.c.generation == generation["id"])
    return int(connection.execute(query.where(trials.c.state.in_(("running", "done", "void")))).scalar_one())


def _generated_tokens(connection: Connection, generation: Mapping[str, Any], _host: str) -> int:
    from sqlalchemy import func, select

    attempts = tables().attempts
    query = select(func.sum(_used("generated_tokens"))).where(attempts.c.generation == generation["id"])
    return int(connection.execute(query).scalar_one() or 0)


def _hours(connection: Connection, generation: Mapping[str, Any], host: str) -> float:
    from sqlalchemy import func, select

    attempts = tables().attempts
    seconds = func.sum(attempts.c.record["process_seconds"].as_float())
    query = select(seconds).where(attempts.c.generation == generation["id"], attempts.c.host == host)
    return round((connection.execute(query).scalar_one() or 0.0) / SECONDS_PER_HOUR, 4)


def _money(connection: Connection, generation: Mapping[str, Any], _host: str) -> float:
    """At the prices of each trial's day."""
    from sqlalchemy import func, select

    attempts, trials = tables().attempts, tables().trials
    day = func.substr(attempts.c.started_at, 1, 10)
    counts = [func.sum(_used(name)) for name in ("prompt_tokens", "cached_tokens", "generated_tokens")]
    query = (
        select(trials.c.model, day, *counts)
        .join_from(attempts, trials, attempts.c.trial == trials.c.id)
        .where(attempts.c.generation == generation["id"], attempts.c.record.is_not(None))
        .group_by(trials.c.model, day)
    )
    spent = Decimal(0)
    for model, began, prompt, cached, generated in connection.execute(query):
        cloud = generation["models"].get(model, {}).get("cloud")
        price = Cloud.from_dict(cloud).price_on(datetime.date.fromisoformat(began)) if cloud else None
        if price:
            spent += price.cost(int(prompt or 0), int(cached or 0), int(generated or 0))
    return float(spent)


def _used(name: str) -> ColumnElement[int]:
    """Of an attempt's record, a probe past its ceiling included."""
    from sqlalchemy import func

    record = tables().attempts.c.record
    return func.coalesce(record[("probe", "used", name)].as_integer(), record[name].as_integer())


_TAKEN = {"trials": _trials, "generated_tokens": _generated_tokens, "hours": _hours, "money": _money}
