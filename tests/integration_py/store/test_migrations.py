# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store of an earlier version comes up to this one whole, with what it holds, or stays as it is."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Store, StoreError
from ansible_collections.local_llm.lab.plugins.plugin_utils.store import migrations as steps

DATA = Path(__file__).with_name("data")
FORK = multiprocessing.get_context("fork")


@contextmanager
def connected(url: str) -> Iterator[sqlalchemy.Connection]:
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        yield connection


@pytest.fixture
def released(store_url: str) -> str:
    """The store that release 1.0.0 left."""
    if store_url.startswith("sqlite"):
        Path(store_url.removeprefix("sqlite:///")).parent.mkdir()
    with connected(store_url) as connection:
        script = (DATA / "release_1_0_0.sql").read_text()
        if connection.dialect.name == "postgresql":
            script = script.replace("  id INTEGER NOT NULL", "  id SERIAL NOT NULL")
        for statement in script.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    return store_url


def described(url: str) -> dict[str, Any]:
    """Tables, columns, keys and indexes; names that a database gives by itself are its own."""
    with connected(url) as connection:
        inspector = sqlalchemy.inspect(connection)
        return {
            table: {
                "columns": sorted(
                    (one["name"], str(one["type"]), one["nullable"], str(one["default"]).partition("::")[0])
                    for one in inspector.get_columns(table)
                    if not str(one["default"]).startswith("nextval")
                ),
                "primary key": inspector.get_pk_constraint(table)["constrained_columns"],
                "foreign keys": sorted(
                    (one["constrained_columns"], one["referred_table"]) for one in inspector.get_foreign_keys(table)
                ),
                "indexes": sorted(
                    (one["name"], one["column_names"])
                    for one in inspector.get_indexes(table)
                    if "duplicates_constraint" not in one
                ),
                "unique": [one["column_names"] for one in inspector.get_unique_constraints(table)],
            }
            for table in inspector.get_table_names()
        }


def without_what_is_new(summary: dict[str, Any]) -> dict[str, Any]:
    new = {"model_digest", "canary_digest", "block", "purpose", "stage"}
    old = {key: value for key, value in summary.items() if key not in ("blocks", "rounds")}
    old["smokes"] = [{key: smoke[key] for key in smoke if key != "settings"} for smoke in summary["smokes"]]
    speed = "predicted_tokens_per_second"
    old["loads"] = [{key: load[key] for key in load if key != speed} for load in summary["loads"]]
    old["trials"] = [{key: trial[key] for key in trial if key not in new} for trial in summary["trials"]]
    return old


def test_a_store_of_1_0_0_says_the_same_as_before(released: str) -> None:
    before = json.loads((DATA / "release_1_0_0.json").read_text())
    with Store(released) as store:
        assert [generation.state for generation in store.generations("nightly")] == ["abandoned", "open"]
        for number in (1, 2):
            assert without_what_is_new(store.summary(number)) == before["summaries"][str(number)]
            assert store.progress(number) == before["progress"][str(number)]
        assert store.lacks() == []
        summary = store.summary(2)
    blocks = [(block["number"], block["load_digest"], block["state"]) for block in summary["blocks"]]
    first, second = list(dict.fromkeys(cell["load_digest"] for cell in summary["cells"]))
    assert blocks == [(0, first, "complete"), (1, second, "planned")]
    digests = {cell["id"]: cell["load_digest"] for cell in summary["cells"]}
    assert {(trial["block"], digests[trial["cell"]]) for trial in summary["trials"]} == {(0, first), (1, second)}
    assert {(trial["purpose"], trial["stage"]) for trial in summary["trials"]} == {("measure", "screen")}


def test_a_store_of_1_0_0_is_gone_on_with(released: str) -> None:
    with Store(released) as store:
        session = store.begin_session("nightly", "there", 1, "now")
        (waiting,) = store.blocks(2, "llama_cpp/cpu/16")
        done = 0
        while claim := store.claim(2, "box", "llama_cpp/cpu/16", waiting.number, session.id):
            store.record(claim, {"outcome": "passed", "ceiling": None, "detail": None})
            done += 1
        assert done == waiting.trials_left == 4, "the one that was running waits again: its lease is over"
        assert store.progress(2) == {"total": 12, "left": 0, "running": 0, "done": 12, "void": 1, "closed": 2}
        for cell in store.summary(2)["cells"]:
            store.set_cell_state(cell["id"], "complete")
        assert store.complete(2)


def test_the_steps_lead_to_the_tables_that_a_new_store_has(released: str, tmp_path: Path) -> None:
    with Store(released):
        pass
    if released.startswith("sqlite"):
        fresh = f"sqlite:///{tmp_path}/fresh.sqlite"
    else:
        fresh = f"{released}_fresh"
        with connected(released) as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {released.rpartition('%3D')[2]}_fresh")
    with Store(fresh):
        pass
    assert described(released) == described(fresh)


def test_every_step_is_written_down_with_its_time(released: str) -> None:
    for _again in range(2):
        with Store(released):
            pass
        with connected(released) as connection:
            rows = connection.exec_driver_sql("SELECT version, at FROM schema_version ORDER BY version").all()
        assert [row[0] for row in rows] == list(range(2, steps.VERSION + 1))
        assert all(row[1].endswith("+00:00") for row in rows)


def test_a_step_that_fails_leaves_the_store_as_it_was(released: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = described(released)

    def break_off(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql("UPDATE trials SET state = 'lost'")
        connection.exec_driver_sql("SELECT no_such_column FROM trials")

    monkeypatch.setitem(steps.STEPS, steps.VERSION, break_off)
    with pytest.raises(StoreError, match="no_such_column"):
        Store(released)
    assert described(released) == before
    monkeypatch.undo()
    with Store(released) as store:
        assert store.progress(2)["done"] == 8


def test_of_two_controllers_that_come_at_once_one_does_it(released: str) -> None:
    def look(results: Any) -> None:
        with Store(released) as store:
            results.put(store.progress(2)["total"])

    results = FORK.SimpleQueue()
    workers = [FORK.Process(target=look, args=(results,)) for _unused in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert [results.get() for _unused in workers] == [12] * 4


def later(url: str) -> None:
    with connected(url) as connection:
        connection.exec_driver_sql(f"INSERT INTO schema_version VALUES ({steps.VERSION + 1}, 'tomorrow')")


@pytest.mark.parametrize("read_only", [True, False])
def test_a_store_of_a_later_version_is_refused(store_url: str, lab: Any, read_only: bool) -> None:
    later(store_url)
    with pytest.raises(StoreError, match=f"later version .* version {steps.VERSION + 1}") as refused:
        Store(store_url, read_only)
    assert "ansible-galaxy" in refused.value.remedy


def test_who_is_at_work_when_a_later_version_comes_writes_nothing_more(store_url: str, lab: Any) -> None:
    session = lab.session()
    later(store_url)
    with pytest.raises(StoreError, match="later version"):
        lab.claim(session)


def test_a_read_only_file_is_left_as_it_is_to_the_byte(tmp_path: Path) -> None:
    path = earlier(tmp_path / "store.sqlite")
    before = path.read_bytes()
    with Store(f"sqlite:///{path}", read_only=True) as store:
        assert store.overhead_bytes("box", "llama_cpp", "b1") is None
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def earlier(path: Path, *more: str) -> Path:
    """A copy of the released store, in the journal mode that a copy may have."""
    with sqlite3.connect(path) as connection:
        connection.executescript((DATA / "release_1_0_0.sql").read_text() + ";".join(more))
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    return path


@pytest.mark.parametrize("read_only", [True, False])
def test_a_store_without_its_loads_says_so(tmp_path: Path, read_only: bool) -> None:
    path = earlier(tmp_path / "store.sqlite", "DROP TABLE loads")
    with pytest.raises(StoreError, match="has no table loads"):
        Store(f"sqlite:///{path}", read_only)


def test_what_is_only_read_stays_as_it_was(released: str) -> None:
    before = described(released)
    with Store(released, read_only=True) as store:
        assert store.version == 1
        assert "trials.block" in store.lacks() and "pauses" in store.lacks()
        assert store.overhead_bytes("box", "llama_cpp", "b1") is None
        with pytest.raises(StoreError, match=r"earlier version .* version 1") as refused:
            store.summary(2)
        assert "lab sweep" in refused.value.remedy
    assert described(released) == before


@pytest.mark.parametrize("version", [1, 2])
def test_a_store_from_between_two_releases_comes_up_as_well(tmp_path: Path, version: int) -> None:
    """Before there were version numbers tables were added as they were needed."""
    pauses = "item VARCHAR, kind VARCHAR, reason VARCHAR, at VARCHAR, cleared_at VARCHAR, cleared_by VARCHAR"
    added = [
        f"CREATE TABLE pauses (id INTEGER PRIMARY KEY, generation INTEGER, trial VARCHAR, {pauses})",
        "ALTER TABLE loads ADD COLUMN overhead_bytes BIGINT",
    ][:version]
    path = earlier(tmp_path / "store.sqlite", *added)
    with Store(f"sqlite:///{path}", read_only=True) as store:
        assert (store.version, store.pauses()) == (version, [])
    with Store(f"sqlite:///{path}") as store:
        assert (store.version, store.lacks()) == (steps.VERSION, [])
        assert store.progress(2)["total"] == 12
