# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a generation's attempts took, void ones included, kept as they are recorded: limits are read at every claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .rows import Claim
from .tables import TOKENS, tables

if TYPE_CHECKING:
    from sqlalchemy import Connection


def add(connection: Connection, claimed: Claim, result: Mapping[str, Any]) -> None:
    """Add an attempt's record. A probe past a ceiling was taken as well, and its readings are of the whole trial."""
    taken = tables().taken
    used = {**result, **((result.get("probe") or {}).get("used") or {})}
    sums = {"seconds": float(result.get("process_seconds") or 0.0)} | {
        name: int(used.get(name) or 0) for name in TOKENS
    }
    key = {"generation": claimed.generation_id, "host": claimed.host, "model": claimed.trial["model"]}
    key["day"] = claimed.started_at[:10]
    held = taken.update().where(*(taken.c[name] == value for name, value in key.items()))
    if connection.execute(held.values({name: taken.c[name] + more for name, more in sums.items()})).rowcount != 1:
        connection.execute(taken.insert().values(**key, **sums))


def by_day(connection: Connection, generation_id: int) -> Sequence[Mapping[Any, Any]]:
    """Rows of host, model, day (of the attempts' beginning, UTC), seconds, and the tokens of TOKENS."""
    taken = tables().taken
    query = taken.select().where(taken.c.generation == generation_id).order_by(taken.c.host, taken.c.model, taken.c.day)
    return connection.execute(query).mappings().all()
