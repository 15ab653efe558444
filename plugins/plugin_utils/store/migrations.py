# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one version of the tables to the next.

A step is plain SQL that SQLite and PostgreSQL both understand, and is never edited after a release: it stands for what
a store was at its time, `tables.py` for what it is now. A test holds that both ways lead to the same tables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .tables import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection, TextClause

# 1 is what release 1.0.0 made.
VERSION = 3


def version_of(connection: Connection) -> int:
    """0 for an empty database. Before there were numbers, a store is told by what it has."""
    from sqlalchemy import func, inspect, select

    inspector = inspect(connection)
    numbers = tables().schema_version
    if inspector.has_table(numbers.name):
        return int(connection.execute(select(func.max(numbers.c.version))).scalar_one())
    if not inspector.has_table("generations"):
        return 0
    columns = {table: {one["name"] for one in inspector.get_columns(table)} for table in ("loads", "trials")}
    if "block" in columns["trials"]:
        return 3
    return 2 if "overhead_bytes" in columns["loads"] else 1


def migrate(connection: Connection, at: str) -> None:
    """Make the tables, or bring them up to VERSION. The caller's transaction holds it all, and every other writer off:
    of two that come at once the second finds it done."""
    from sqlalchemy import inspect

    numbers = tables().schema_version
    version = version_of(connection)
    steps = range(version + 1, VERSION + 1)
    if version == 0:
        tables().metadata.create_all(connection)
        steps = range(VERSION, VERSION + 1)
    elif not inspect(connection).has_table(numbers.name):
        numbers.create(connection)
    for number in steps:
        if version:
            STEPS[number](connection)
        connection.execute(numbers.insert().values(version=number, at=at))


def _2_overheads_and_pauses(connection: Connection) -> None:
    """Both were added before there were version numbers: a store may have the pauses already."""
    from sqlalchemy import inspect

    connection.execute(_sql("ALTER TABLE loads ADD COLUMN overhead_bytes BIGINT"))
    if inspect(connection).has_table("pauses"):
        return
    number = "SERIAL" if connection.dialect.name == "postgresql" else "INTEGER"
    connection.execute(_sql(
        f"CREATE TABLE pauses (id {number} NOT NULL, generation INTEGER NOT NULL, trial VARCHAR NOT NULL, "
        "item VARCHAR NOT NULL, kind VARCHAR NOT NULL, reason VARCHAR NOT NULL, at VARCHAR NOT NULL, "
        "cleared_at VARCHAR, cleared_by VARCHAR, PRIMARY KEY (id), "
        "FOREIGN KEY(generation) REFERENCES generations (id), FOREIGN KEY(trial) REFERENCES trials (id))"
    ))  # fmt: skip
    connection.execute(_sql("CREATE INDEX ix_pauses_generation ON pauses (generation)"))


def _3_blocks_and_rounds(connection: Connection) -> None:
    """What was planned without blocks ran in the order of its load configs: each was one block of its host class."""
    for column in ("block INTEGER DEFAULT 0", "purpose VARCHAR DEFAULT 'measure'", "stage VARCHAR DEFAULT 'screen'"):
        connection.execute(_sql(f"ALTER TABLE trials ADD COLUMN {column} NOT NULL"))
    connection.execute(_sql(
        "CREATE TABLE blocks (generation INTEGER NOT NULL, host_class VARCHAR NOT NULL, number INTEGER NOT NULL, "
        "model VARCHAR NOT NULL, load_digest VARCHAR NOT NULL, state VARCHAR NOT NULL, numbers JSON, "
        "PRIMARY KEY (generation, host_class, number), FOREIGN KEY(generation) REFERENCES generations (id))"
    ))  # fmt: skip
    connection.execute(_sql(
        "CREATE TABLE rounds (generation INTEGER NOT NULL, host_class VARCHAR NOT NULL, model VARCHAR NOT NULL, "
        "number INTEGER NOT NULL, decisions JSON NOT NULL, at VARCHAR NOT NULL, "
        "PRIMARY KEY (generation, host_class, model, number), FOREIGN KEY(generation) REFERENCES generations (id))"
    ))  # fmt: skip
    connection.execute(_sql(
        "INSERT INTO blocks (generation, host_class, number, model, load_digest, state) "
        "SELECT t.generation, t.host_class, "
        "ROW_NUMBER() OVER (PARTITION BY t.generation, t.host_class ORDER BY MIN(t.position), t.load_digest) - 1, "
        "MIN(t.model), t.load_digest, "
        "CASE WHEN SUM(CASE WHEN t.state = 'running' OR t.state = 'planned' AND c.state = 'open' "
        "THEN 1 ELSE 0 END) > 0 THEN 'planned' ELSE 'complete' END "
        "FROM trials t JOIN cells c ON c.id = t.cell GROUP BY t.generation, t.host_class, t.load_digest"
    ))  # fmt: skip
    connection.execute(_sql(
        "UPDATE trials SET block = (SELECT number FROM blocks WHERE blocks.generation = trials.generation "
        "AND blocks.host_class = trials.host_class AND blocks.load_digest = trials.load_digest)"
    ))  # fmt: skip


def _sql(text: str) -> TextClause:
    from sqlalchemy import text as statement

    return statement(text)


STEPS: dict[int, Callable[[Connection], None]] = {2: _2_overheads_and_pauses, 3: _3_blocks_and_rounds}
