# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a generation took is kept as its attempts are recorded, and is what their records add up to."""

from __future__ import annotations

from typing import Any

import sqlalchemy

from ansible_collections.local_llm.lab.plugins.plugin_utils.store import taken
from ansible_collections.local_llm.lab.plugins.plugin_utils.store.database import Database

PASSED = {"outcome": "passed", "ceiling": None, "detail": None, "process_seconds": 2.5, "prompt_tokens": 900,
          "cached_tokens": 400, "generated_tokens": 60}  # fmt: skip
PROBED = PASSED | {"outcome": "failed", "ceiling": "turns", "probe": {"used": {"generated_tokens": 100, "turns": 9}}}
VOID = PASSED | {"outcome": "void", "detail": "engine_error", "cached_tokens": None}


def rows(url: str, generation: int) -> list[dict[str, Any]]:
    with Database(url, read_only=True).reading() as connection:
        return [dict(row) for row in taken.by_day(connection, generation)]


def test_every_recorded_attempt_is_added(store_url: str, lab: Any) -> None:
    session = lab.session()
    for result in (PASSED, PROBED, VOID, PASSED):
        lab.store.record(lab.claim(session), result)
    lab.claim(session)
    (row,) = rows(store_url, lab.id)
    assert (row["host"], row["model"], row["seconds"]) == ("box", "tiny", 10.0)
    assert (row["prompt_tokens"], row["cached_tokens"], row["generated_tokens"]) == (3600, 1200, 60 + 100 + 60 + 60)


def test_a_store_from_before_adds_up_what_was_recorded(store_url: str, lab: Any) -> None:
    session = lab.session()
    for result in (PASSED, PROBED, VOID):
        lab.store.record(lab.claim(session), result)
    before = rows(store_url, lab.id)
    with sqlalchemy.create_engine(store_url, poolclass=sqlalchemy.NullPool).begin() as connection:
        for statement in (
            "DROP TABLE counts",
            "DROP TABLE taken",
            "ALTER TABLE generations DROP COLUMN plans",
            "ALTER TABLE loads DROP COLUMN predicted_tokens_per_second",
            "DROP INDEX attempts_by_end",
            "DROP INDEX trials_in_order",
            "CREATE INDEX ix_trials_generation ON trials (generation)",
            "UPDATE schema_version SET version = 3",
        ):
            connection.exec_driver_sql(statement)
    Database(store_url, read_only=False).close()
    assert rows(store_url, lab.id) == before
