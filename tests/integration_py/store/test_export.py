# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab export`: what is in the store is in the files, the same each time, in each format."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.cli.main import main
from ansible_collections.local_llm.lab.plugins.plugin_utils.store import migrations

PASSED = {"trial": "x", "outcome": "passed", "ceiling": None, "detail": None, "turns": 4, "generated_tokens": 812,
          "wall_seconds": 9.0, "submitted": True, "budgets": {"turns": 8}, "generations_sha256": "ab",
          "error": "http://lab:hunter2@box said no"}  # fmt: skip
VOID = {"outcome": "void", "ceiling": None, "detail": "engine_error", "error": "hunter2"}
RELEASED = Path(__file__).with_name("data") / "release_1_0_0.sql"


@pytest.fixture
def recorded(lab: Any) -> Any:
    """Two attempts at one trial, and one trial that generated what an earlier one did."""
    session = lab.session()
    lab.store.add_load(lab.id, host="box", model="tiny", load_digest="d", load={"context_tokens": 4096},
                       load_seconds=1, predicted_bytes=2**40, resident_bytes=None, available_bytes=None)  # fmt: skip
    lab.store.add_smoke(lab.id, host="box", model="tiny", load_digest="d", ok=True, checks=[
        {"name": "prefill", "ok": True, "detail": "it said hunter2", "numbers": {"prompt_tokens_per_second": 105.5}},
    ])  # fmt: skip
    lab.store.record(lab.claim(session), VOID)
    while claim := lab.claim(session):
        lab.store.record(claim, PASSED)
    return lab


def lines(folder: Path, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"{table}.jsonl").read_text().splitlines()]


def run(url: str, folder: Path, *more: str) -> int:
    return main(["export", "--store", url, str(folder), *more])


def test_there_is_a_row_for_each_trial_and_each_attempt(store_url: str, recorded: Any, tmp_path: Path) -> None:
    assert run(store_url, tmp_path, "--format", "jsonl") == 0
    summary = recorded.store.summary(recorded.id)
    trials, attempts = lines(tmp_path, "trials"), lines(tmp_path, "attempts")
    assert [row["trial"] for row in trials] == [trial["id"] for trial in summary["trials"]]
    ran = [trial for trial in summary["trials"] if trial["record"]]
    assert len(attempts) == sum(len(trial["attempts"]) for trial in summary["trials"]) == len(ran) + 1
    row = next(row for row in trials if row["outcome"] == "passed" and row["purpose"] == "measure")
    expected = {"sweep": "nightly", "generation": 1, "model": "tiny", "host": "box", "turns": 4, "wall_seconds": 9.0,
                "generated_tokens": 812, "submitted": True, "budgets_turns": 8, "left_out": None}  # fmt: skip
    assert row.items() >= expected.items()
    counted = [row for row in trials if row["outcome"] and row["left_out"] is None]
    assert len(counted) == len({(row["cell"], row["canary"]) for row in counted}), "the others are repeats"
    assert lines(tmp_path, "loads")[0]["load_context_tokens"] == 4096
    assert lines(tmp_path, "loads")[0]["predicted_bytes"] == 2**40
    assert lines(tmp_path, "smokes")[0]["numbers"] == '{"prompt_tokens_per_second":105.5}'
    assert [json.loads(cell["level"] or "null") for cell in lines(tmp_path, "cells")] == [None, 0.0, 8192]
    assert not [path for path in tmp_path.glob("*.jsonl") if "hunter2" in path.read_text()]


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_the_same_store_gives_the_same_bytes(store_url: str, recorded: Any, tmp_path: Path, ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    for folder in ("one", "two"):
        assert run(store_url, tmp_path / folder, "--format", ending) == 0
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert {"trials", "attempts", "cells", "loads", "smokes"} <= {name.partition(".")[0] for name in files}
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_parquet_and_json_lines_say_the_same(store_url: str, recorded: Any, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    for ending in ("parquet", "jsonl"):
        assert run(store_url, tmp_path, "--format", ending) == 0
    for table in ("trials", "attempts", "cells", "smokes"):
        assert parquet.read_table(tmp_path / f"{table}.parquet").to_pylist() == lines(tmp_path, table)


def test_one_generation_of_one_sweep(store_url: str, recorded: Any, tmp_path: Path, capsys: Any) -> None:
    recorded.reopen(new=True)
    recorded.plan()
    assert run(store_url, tmp_path, "--format", "jsonl") == 0
    assert {row["generation"] for row in lines(tmp_path, "trials")} == {1, 2}
    assert run(store_url, tmp_path, "--format", "jsonl", "--sweep", "nightly", "--generation", "2") == 0
    assert {row["generation"] for row in lines(tmp_path, "trials")} == {2}
    assert not (tmp_path / "attempts.jsonl").exists(), "nothing ran in it"
    for wrong in (["--sweep", "daily"], ["--generation", "9"]):
        assert run(store_url, tmp_path, "--format", "jsonl", *wrong) == 1
    assert "no sweep daily" in capsys.readouterr().err


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path, capsys: Any) -> None:
    assert run(f"sqlite:///{tmp_path}/store.sqlite", tmp_path / "out", "--format", "csv") == 1
    assert "no sweep to export" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_store_of_an_earlier_version_is_brought_up(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        connection.executescript(RELEASED.read_text())
    connection.close()
    assert run(f"sqlite:///{tmp_path}/store.sqlite", tmp_path / "out", "--format", "jsonl") == 0
    assert len(lines(tmp_path / "out", "trials")) == 24
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        assert connection.execute("SELECT MAX(version) FROM schema_version").fetchone() == (migrations.VERSION,)
    connection.close()


def test_without_pyarrow_parquet_says_what_to_install(
    recorded: Any, store_url: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert run(store_url, tmp_path, "--format", "parquet") == 1
    assert "pip install pyarrow" in capsys.readouterr().err
    assert list(tmp_path.glob("*.parquet")) == []
