# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sweep file is read into one form, and what is wrong in it is named, with its place and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import SweepError, load_sweep

SweepFile = Callable[..., Path]


def test_defaults_are_filled_in_and_numbers_are_of_one_kind(sweep_file: SweepFile) -> None:
    sweep = load_sweep(sweep_file("replicates: 3\nseed: 7\n", ""))
    assert sweep.as_dict() == {
        "name": "nightly",
        "description": "",
        "models": ["tiny"],
        "canaries": ["hello", "sums"],
        "baseline": {
            "load": {"context_tokens": 4096, "parallel": 1, "kv_type": "f16", "flash_attention": "auto"},
            "chat": {"temperature": 0.3},
        },
        "cells": [{"temperature": 0.0}, {"temperature": 0.8}],
        "replicates": 3,
        "most_replicates": 8,
        "wrong_adoption": 0.05,
        "seed": 0,
        "budgets": {},
        "limits": {},
        "good_enough": {"builder": {"pass_rate": 0.8}},
    }
    assert isinstance(sweep.changes[0].level, float)


@pytest.mark.parametrize(
    ("written", "screen", "most"),
    [("", 3, 8), ("replicates: 4", 4, 4), ("replicates: {screen: 4}", 4, 8), ("replicates: {most: 5}", 3, 5)],
)
def test_a_number_fixes_the_replicates_and_nothing_leaves_them_open(
    sweep_file: SweepFile, written: str, screen: int, most: int
) -> None:
    sweep = load_sweep(sweep_file("replicates: 3", written))
    assert (sweep.replicates, sweep.most_replicates) == (screen, most)


def test_single_cells_follow_the_factors(sweep_file: SweepFile) -> None:
    sweep = load_sweep(sweep_file(new="cells:\n  - top_p: 1\n  - kv_type: q8_0\n"))
    assert [(change.kind, change.factor, change.level) for change in sweep.changes] == [
        ("chat", "temperature", 0.0),
        ("chat", "temperature", 0.8),
        ("chat", "top_p", 1.0),
        ("load", "kv_type", "q8_0"),
    ]


@pytest.mark.parametrize("written, read", [("on", "on"), ("off", "off"), ("auto", "auto"), ('"on"', "on")])
def test_flash_attention_may_be_written_as_yaml_switch(sweep_file: SweepFile, written: str, read: str) -> None:
    path = sweep_file("context_tokens: 4096", f"context_tokens: 4096\n    flash_attention: {written}")
    assert load_sweep(path).load["flash_attention"] == read


@pytest.mark.parametrize(
    "old, new, place, says",
    [
        ("replicates: 3", "replicates: 2", "11:1", ["replicates is 2", "from 3"]),
        ("replicates: 3", "replicates: {screen: 5, most: 4}", "11:25", ["at most 4", "screen's 5"]),
        ("replicates: 3", "replicates: three", "11:1", ['replicates is "three"']),
        ("", "cells:\n  - {temperature: 0.1, top_p: 0.9}\n", "16:5", ["changes two factors (temperature, top_p)"]),
        ("", "cells:\n  - {}\n", "16:5", ["cells[0] is {}", "exactly one factor"]),
        ("  temperature: [0, 0.8]", "  temprature: [0, 0.8]", "10:3", ["unknown factor 'temprature'", "temperature?"]),
        ("[0, 0.8]", "[0, 3]", "10:20", ["factors.temperature[1] is 3", "from 0 to 2"]),
        ("[0, 0.8]", "[0, warm]", "10:20", ['factors.temperature[1] is "warm"', "from 0 to 2"]),
        ("[0, 0.8]", "[.nan]", "10:17", ["nan is not a number"]),
        ("[0, 0.8]", "[]", "10:3", ["factors.temperature is []", "at least one level"]),
        ("temperature: 0.3", "temperature: 0.3\n    topp: 1", "9:5", ["unknown key of baseline.chat 'topp'", "top_p"]),
        ("name: nightly", "name: Nightly run", "1:1", ['name is "Nightly run"', "lower-case"]),
        ("name: nightly", "title: nightly", "1:1", ["'title'"]),
        ("    context_tokens: 4096\n", "    parallel: 2\n", "5:3", ["baseline.load has no 'context_tokens'"]),
        ("models: [tiny]", "models: []", "2:1", ["models is []", "at least one model"]),
        ("models: [tiny]", "models: [tiny, tiny]", "2:1", ["each once"]),
        ("models: [tiny]", "models: tiny", "2:1", ['models is "tiny"']),
        ("builder", "bilder", "14:3", ["'bilder'", "builder?"]),
        ("pass_rate: 0.8", "pass_rate: 80", "14:13", ["good_enough.builder.pass_rate is 80", "from 0 to 1"]),
        ("seed: 7", "seed: 7\nseed: 8", "13:1", ["'seed' is given twice"]),
        ("seed: 7", "7: seed", "12:1", ["'7' is not a text"]),
        ("seed: 7", "budgets: {turn: 3}", "12:11", ["'turn'", "turns"]),
        ("seed: 7", "seed: [7", "13:12", ["not YAML"]),
        ("seed: 7", "seed: 2026-99-99", "12:1", ['seed is "2026-99-99"']),
        ("seed: 7", "seed: !!int", "", ["not YAML"]),
        pytest.param("seed: 7", "seed: " + "[" * 100_000, "", ["not YAML"], id="nested without end"),
        ("seed: 7", "seed: &me [*me]", "", ["not YAML"]),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    sweep_file: SweepFile, old: str, new: str, place: str, says: list[str]
) -> None:
    path = sweep_file(old, new)
    with pytest.raises(SweepError) as failure:
        load_sweep(path)
    text = str(failure.value)
    assert text.startswith(f"{path}:{place}:" if place else f"{path}:")
    assert failure.value.remedy
    for words in says:
        assert words in text


def test_the_first_error_of_the_file_comes_first(sweep_file: SweepFile) -> None:
    path = sweep_file("models: [tiny]", "models: []")
    path.write_text(path.read_text().replace("replicates: 3", "replicates: 1"))
    with pytest.raises(SweepError, match="models is"):
        load_sweep(path)


@pytest.mark.parametrize("text, says", [("", "the file is empty"), ("- 1\n", r"the file is \[1\]")])
def test_a_file_that_is_no_mapping(sweep_file: SweepFile, text: str, says: str) -> None:
    path = sweep_file()
    path.write_text(text)
    with pytest.raises(SweepError, match=says):
        load_sweep(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match=r"missing\.yml does not exist"):
        load_sweep(tmp_path / "missing.yml")


PIECES = st.sampled_from(
    ["name", "models", "cells", "factors", "temperature", ":", ": ", "\n", "\n  ", "- ", "[", "]", "{", "}", "&a", "*a",
     "<<", "!!int", "!x ", "0.3", ".inf", "1e400", "null", "'", '"', "\t", "2026-13-01", "? ", "%"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(st.binary(max_size=60), st.lists(PIECES, max_size=30).map(lambda parts: "".join(parts).encode()))
)
def test_whatever_the_file_holds_only_a_readable_error_comes_out(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.yml"
    path.write_bytes(content)
    with pytest.raises(SweepError) as failure:
        load_sweep(path)
    assert str(path) in failure.value.message
