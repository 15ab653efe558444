# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one version of the tables to the next.

A step is plain SQL that SQLite and PostgreSQL both understand, and is never edited after a release: it stands for what
a store was at its time, `tables.py` for what it is now. A test holds that both ways lead to the same tables.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .tables import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection, TextClause

# 1 is what release 1.0.0 made.
VERSION = 4


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


def _4_counts(connection: Connection) -> None:
    """Progress and what was taken without counting, and a plan that is known to be in the store without reading it."""
    connection.execute(_sql("ALTER TABLE generations ADD COLUMN plans JSON"))
    connection.execute(_sql("ALTER TABLE loads ADD COLUMN predicted_tokens_per_second FLOAT"))
    for statement in (
        "DROP INDEX ix_trials_generation",
        "DROP INDEX trials_waiting",
        "CREATE INDEX attempts_by_end ON attempts (ended_at)",
        "CREATE INDEX trials_in_order ON trials (generation, position, id)",
        "CREATE INDEX trials_waiting ON trials (generation, host_class, block, state, purpose, position, id)",
    ):
        connection.execute(_sql(statement))
    states = ("planned", "running", "done", "void")
    columns = ", ".join(f"{state} INTEGER DEFAULT 0 NOT NULL" for state in states)
    connection.execute(_sql(
        "CREATE TABLE counts (cell VARCHAR NOT NULL, block INTEGER NOT NULL, purpose VARCHAR NOT NULL, "
        f"generation INTEGER NOT NULL, {columns}, trial_seconds FLOAT NOT NULL, PRIMARY KEY (cell, block, purpose), "
        "FOREIGN KEY(cell) REFERENCES cells (id), "
        "FOREIGN KEY(generation) REFERENCES generations (id))"
    ))  # fmt: skip
    connection.execute(_sql("CREATE INDEX ix_counts_generation ON counts (generation)"))
    sums = ", ".join(f"SUM(CASE WHEN state = '{state}' THEN 1 ELSE 0 END)" for state in states)
    connection.execute(_sql(
        "INSERT INTO counts (cell, block, purpose, generation, planned, running, done, void, trial_seconds) "
        f"SELECT cell, block, purpose, generation, {sums}, 0 FROM trials GROUP BY cell, block, purpose, generation"
    ))  # fmt: skip
    seconds: dict[tuple[str, int], float] = {}
    every = connection.execute(_sql("SELECT DISTINCT cell, block, CAST(budgets AS VARCHAR) FROM trials"))
    for cell, block, text in every.all():
        budgets = json.loads(text)
        taken = budgets["wall_clock_seconds"] * budgets.get("probe_factor", 2)
        seconds[cell, block] = max(seconds.get((cell, block), 0.0), taken)
    for (cell, block), longest in seconds.items():
        connection.execute(
            _sql("UPDATE counts SET trial_seconds = :longest WHERE cell = :cell AND block = :block"),
            {"longest": longest, "cell": cell, "block": block},
        )
    _take_what_was_recorded(connection)


def _take_what_was_recorded(connection: Connection) -> None:
    names = ("prompt_tokens", "cached_tokens", "generated_tokens", "reasoning_tokens")
    columns = ", ".join(f"{name} BIGINT NOT NULL" for name in names)
    connection.execute(_sql(
        "CREATE TABLE taken (generation INTEGER NOT NULL, host VARCHAR NOT NULL, model VARCHAR NOT NULL, "
        f"day VARCHAR NOT NULL, seconds FLOAT NOT NULL, {columns}, PRIMARY KEY (generation, host, model, day), "
        "FOREIGN KEY(generation) REFERENCES generations (id))"
    ))  # fmt: skip
    recorded = _sql(
        "SELECT a.generation, a.host, t.model, SUBSTR(a.started_at, 1, 10), CAST(a.record AS VARCHAR) "
        "FROM attempts a JOIN trials t ON t.id = a.trial WHERE a.record IS NOT NULL"
    )
    sums: dict[tuple[Any, ...], list[float]] = {}
    for *key, text in connection.execute(recorded):
        record = json.loads(text)
        used = {**record, **((record.get("probe") or {}).get("used") or {})}
        so_far = sums.setdefault(tuple(key), [0.0] * (1 + len(names)))
        for place, name in enumerate(("process_seconds", *names)):
            so_far[place] += used.get(name) or 0
    for which, (seconds, *tokens) in sums.items():
        row = dict(zip(("generation", "host", "model", "day"), which, strict=True)) | {"seconds": seconds}
        row |= dict(zip(names, map(int, tokens), strict=True))
        connection.execute(
            _sql(f"INSERT INTO taken ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})"), row
        )


def _sql(text: str) -> TextClause:
    from sqlalchemy import text as statement

    return statement(text)


STEPS: dict[int, Callable[[Connection], None]] = {2: _2_overheads_and_pauses, 3: _3_blocks_and_rounds, 4: _4_counts}
