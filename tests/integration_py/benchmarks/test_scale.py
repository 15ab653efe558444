# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark of a large sweep, on a small one: what it records is what the store and the reports take for real."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

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
