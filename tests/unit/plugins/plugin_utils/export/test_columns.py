# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows become columns of one type each, whatever the rows say."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.export import Columns, write

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(SCALARS | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2), max_leaves=3)
ROWS = st.lists(st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4), min_size=1, max_size=6)
TYPES = {"bool": bool, "int": int, "float": (int, float), "text": str}


def columns(*rows: dict[str, Any]) -> Columns:
    made = Columns()
    for row in rows:
        made.add(row)
    return made


@given(ROWS)
def test_every_column_is_as_long_as_the_table_and_of_one_type(rows: list[dict[str, Any]]) -> None:
    typed = columns(*rows).typed()
    assert set(typed) == {name for row in rows for name in row}
    for kind, values in typed.values():
        assert len(values) == len(rows)
        assert all(value is None or isinstance(value, TYPES[kind]) for value in values)
    for place, row in enumerate(rows):
        for name, (_kind, values) in typed.items():
            assert (values[place] is None) == (row.get(name) is None)


def test_mappings_are_taken_apart_and_the_rest_is_json() -> None:
    typed = columns(
        {"budgets": {"turns": 8, "wall_clock_seconds": 1.5}, "probe": {"reads": "confirmed", "used": {"turns": 9}}},
        {"numbers": {"taken": 3, "of": [1, 2]}, "budgets": None},
    ).typed()
    assert {name: values for name, (_kind, values) in typed.items()} == {
        "budgets_turns": [8, None],
        "budgets_wall_clock_seconds": [1.5, None],
        "probe_reads": ["confirmed", None],
        "probe_used_turns": [9, None],
        "numbers": [None, '{"of":[1,2],"taken":3}'],
        "budgets": [None, None],
    }


def test_levels_of_several_types_are_told_apart() -> None:
    kind, values = columns({"chat": {"reasoning": "off"}}, {"chat": {"reasoning": False}}).typed()["chat_reasoning"]
    assert (kind, values) == ("text", ['"off"', "false"])


def test_what_quotes_others_is_left_out_wherever_it_stands() -> None:
    secret = "http://lab:hunter2@box:8137 said no"
    row = {"error": secret, "probe": {"error": secret, "reads": "unresolved"}, "handed": {"reason": secret},
           "numbers": [{"reason": secret, "taken": 1}]}  # fmt: skip
    typed = columns(row).typed()
    assert "hunter2" not in json.dumps(typed)
    assert set(typed) == {"probe_reads", "numbers"}


def test_the_first_part_of_a_row_counts() -> None:
    made = Columns()
    made.add({"state": "done"}, {"state": "another", "turns": 3})
    assert {name: values for name, (_kind, values) in made.typed().items()} == {"state": ["done"], "turns": [3]}


def test_a_missing_number_does_not_make_the_others_fractions(tmp_path: Path) -> None:
    table = columns({"turns": 3, "seconds": 1.5, "passed": True, "host": 'a "b", c'}, {})
    path = write(tmp_path, "trials", table, "csv")
    assert path is not None
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert rows[0] == {"turns": "3", "seconds": "1.5", "passed": "True", "host": 'a "b", c'}
    path = write(tmp_path, "trials", table, "jsonl")
    assert path is not None
    first, second = map(json.loads, path.read_text().splitlines())
    assert first == {"turns": 3, "seconds": 1.5, "passed": True, "host": 'a "b", c'}
    assert second == dict.fromkeys(first)


def test_an_empty_table_leaves_no_file_not_even_an_old_one(tmp_path: Path) -> None:
    assert write(tmp_path, "loads", columns({"host": "box"}), "csv") == tmp_path / "loads.csv"
    assert write(tmp_path, "loads", Columns(), "csv") is None
    assert list(tmp_path.iterdir()) == []
