# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark of a large sweep, on a small one: what it records is what the store and the reports take for real."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Store
from ansible_collections.local_llm.lab.tests.benchmarks import scale


def test_a_small_sweep_is_planned_resumed_and_reported(tmp_path: Path) -> None:
    numbers = scale.measured(tmp_path, scale.sweep_of(2, 2, 2), few=20)
    assert numbers["trials"] > 2 * 2 * 10 * 2 * 2
    assert all(value > 0 for value in numbers.values())
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        assert connection.execute("SELECT DISTINCT state FROM trials").fetchall() == [("done",)]
        assert connection.execute("SELECT SUM(planned), SUM(running), SUM(done) FROM counts").fetchone() == (
            0, 0, numbers["trials"],
        )  # fmt: skip
    connection.close()
    (folder,) = (tmp_path / "lab/reports/scale").iterdir()
    card = json.loads((folder / "card-model0.json").read_text())
    assert sum(cell["recorded"] for cell in card["cells"]) == 2 * 10 * 2 * 2


def test_what_a_resume_asks_for_does_not_grow_with_what_is_done(tmp_path: Path) -> None:
    """In instructions of SQLite's machine, which count the rows that a query walks, on any machine the same."""
    few, many = (resumed(tmp_path / f"{replicates}.sqlite", replicates) for replicates in (10, 80))
    assert many < 1.5 * few, f"{few} hundred instructions with few trials done, {many} with eight times as many"


def resumed(path: Path, replicates: int) -> int:
    sweep, url = scale.sweep_of(1, 2, replicates), f"sqlite:///{path}"
    planned = scale.planned_for(sweep)
    with Store(url) as store:
        generation = store.open_generation(sweep.name)
        store.plan(generation, planned, sweep.as_dict(), [])
    trials = sorted(planned.trials, key=lambda trial: trial.position)
    scale.record(url, generation, trials[: len(trials) - 100], random.Random(1))
    scale.resumed(url, generation)  # the first one gives up the session of the records

    def again() -> None:
        scale.resumed(url, generation)
        with Store(url) as store:
            assert store.plan(generation, planned, sweep.as_dict(), []).added == 0

    return instructions(again)


def instructions(do: Callable[[], None]) -> int:
    """Hundreds of them."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    def watch(connection: Any, _record: Any) -> None:
        connection.set_progress_handler(count, 100)

    event.listen(Engine, "connect", watch)
    try:
        do()
    finally:
        event.remove(Engine, "connect", watch)
    return counted
