# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items handed over by an agent: paused until somebody clears them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .database import Database, utc_now
from .errors import StoreError
from .rows import Claim
from .tables import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection


def add(connection: Connection, claimed: Claim, handed: Mapping[str, Any]) -> None:
    """Pause the item the trial was about: `handed` is its kind (deferred, escalated) and reason."""
    row = {"generation": claimed.generation_id, "trial": claimed.trial["id"], "item": claimed.trial["canary"]}
    handed_over = {"kind": handed["kind"], "reason": handed["reason"], "at": utc_now()}
    connection.execute(tables().pauses.insert().values(**row, **handed_over))


def waiting(connection: Connection) -> list[dict[str, Any]]:
    """The pauses that nobody has cleared, the oldest first."""
    pauses = tables().pauses
    query = pauses.select().where(pauses.c.cleared_at.is_(None)).order_by(pauses.c.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def clear(database: Database, pause_id: int, by: str) -> None:
    """Let the item go on; StoreError when there is no such pause, or somebody cleared it before."""
    pauses = tables().pauses
    with database.writing() as connection:
        open_pause = pauses.update().where(pauses.c.id == pause_id, pauses.c.cleared_at.is_(None))
        if connection.execute(open_pause.values(cleared_at=utc_now(), cleared_by=by)).rowcount != 1:
            raise StoreError(f"There is no pause {pause_id} that waits.", "`lab pauses` lists those that do.")
