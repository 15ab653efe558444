# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks: one load config each, framed by anchors, and load configs that are compared in both directions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import (
    HostClass,
    Plan,
    PlannedCanary,
    Trial,
    load_catalog,
    load_sweep,
    plan,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.blocks import Scene, Wanted, in_passes
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.plan import Cell

BUDGETS = {"turns": 30, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}
CANARIES = {"hello": PlannedCanary("d1", 2, BUDGETS), "sums": PlannedCanary("d2", 1, BUDGETS | {"turns": 5})}
HERE = HostClass("llama_cpp", "none", 16 * 2**30)
LOADS = "cells:\n  - kv_type: q8_0\n  - context_tokens: 8192\n"


@pytest.fixture
def planned(sweep_file: Callable[..., Path], catalog_file: Callable[..., Path]) -> Callable[..., Plan]:
    def make(new: str = "", hosts: int = 1, **changes: Any) -> Plan:
        sweep = replace(load_sweep(sweep_file(new=new)), **changes)
        stacks = {HERE.id: {"engine_build": "b1"}}
        return plan(sweep, load_catalog(catalog_file()), CANARIES, [HERE] * hosts, stacks, 1)

    return make


def blocks(made: Plan) -> list[list[Trial]]:
    return [list(trials) for _number, trials in groupby(made.trials, key=lambda trial: trial.block)]


def test_load_configs_that_are_compared_come_twice_the_second_time_in_reversed_order(
    planned: Callable[..., Plan],
) -> None:
    made = planned(LOADS)
    loads = [block[0].load_digest for block in blocks(made)]
    assert len(set(loads)) == 3 and loads == loads[::-1] and loads[:3] == list(dict.fromkeys(loads))
    replicates = [{trial.replicate for trial in block if trial.purpose == "measure"} for block in blocks(made)]
    assert replicates == [{1, 2}] * 3 + [{3}] * 3
    assert [block[0].block for block in blocks(made)] == [0, 1, 2, 3, 4, 5]
    assert [trial.position for trial in made.trials] == list(range(len(made.trials)))


def test_a_load_config_alone_has_one_block_and_one_for_each_host_where_there_are_more(
    planned: Callable[..., Plan],
) -> None:
    assert len(blocks(planned())) == 1
    measured = [[trial for trial in block if trial.purpose == "measure"] for block in blocks(planned(hosts=2))]
    assert [len(block) for block in measured] == [12, 6]
    assert {trial.id for trial in planned().trials if trial.purpose == "measure"} == {
        trial.id for block in measured for trial in block
    }


def test_a_block_is_warmed_up_and_framed_by_anchors_of_the_baseline_on_the_cheapest_canary(
    planned: Callable[..., Plan],
) -> None:
    made = planned(LOADS)
    for block in blocks(made):
        assert [trial.purpose for trial in block] == ["warm_up", "anchor", *["measure"] * (len(block) - 3), "anchor"]
        for trial in (*block[:2], block[-1]):
            assert trial.canary == "sums" and trial.chat == {"temperature": 0.3}
            assert trial.load == block[2].load and trial.cell in {one.cell for one in block[2:-1]}
            assert trial.budgets["probe_factor"] == 1 and trial.budgets["turns"] <= 5
    framing = [trial for trial in made.trials if trial.purpose != "measure"]
    assert len({trial.id for trial in framing}) == len(framing) == 18
    assert len({trial.seed for trial in framing}) == 1
    assert not {trial.id for trial in framing} & {trial.id for trial in made.trials if trial.purpose == "measure"}


def test_a_canary_that_takes_long_is_cut_short_as_an_anchor(planned: Callable[..., Plan]) -> None:
    (block,) = blocks(planned(canaries=("hello",)))
    assert [trial.budgets["turns"] for trial in block if trial.purpose != "measure"] == [2, 8, 8]


def test_a_cloud_has_no_host_to_warm_up_or_to_watch(
    sweep_file: Callable[..., Path], catalog_file: Callable[..., Path]
) -> None:
    sweep = load_sweep(sweep_file("models: [tiny]", "models: [opus]"))
    catalog = load_catalog(catalog_file("models:\n", "models:\n  opus: {cloud: {id: o-1, context_tokens: 9000}}\n"))
    cloud = HostClass("openai_compatible", "none", 0)
    made = plan(sweep, catalog, CANARIES, [cloud], {cloud.id: {}}, 1)
    assert {trial.purpose for trial in made.trials} == {"measure"}


def cell(number: int, load: int) -> Cell:
    return Cell(f"c{number}", "m", "h", "f", number, {}, {}, f"l{load}", number)


@given(
    cells=st.lists(st.integers(0, 2), min_size=1, max_size=5),
    replicates=st.integers(1, 6),
    canaries=st.integers(1, 4),
    hosts=st.integers(1, 3),
)
def test_every_wanted_trial_lies_in_one_block_and_compared_cells_meet_a_canary_in_the_same_pass(
    cells: list[int], replicates: int, canaries: int, hosts: int
) -> None:
    names = [f"canary{number}" for number in range(canaries)]
    wanted = [
        Wanted(cell(number, load), name, replicate)
        for number, load in enumerate(cells)
        for name in names
        for replicate in range(4, 4 + replicates)
    ]
    seen = {name: PlannedCanary(name, 0, BUDGETS) for name in names}
    made = in_passes(Scene("s", 1, "h", {}, "m", "d", lambda load: "d", {}, seen, {}, 0, True, hosts), wanted)
    of_load = Counter(block[0].cell.load_digest for block in made)
    loads = len(of_load)
    assert sorted((one.cell.id, one.canary, one.replicate) for block in made for one in block) == sorted(
        (one.cell.id, one.canary, one.replicate) for one in wanted
    )
    wished = max(hosts, 2 if loads > 1 else 1)
    assert set(of_load.values()) == {wished if replicates >= wished else min(wished, canaries)}
    passes = [made[start : start + loads] for start in range(0, len(made), loads)]
    forwards = [block[0].cell.load_digest for block in passes[0]]
    for number, one_pass in enumerate(passes):
        loaded = [{one.cell.load_digest for one in block} for block in one_pass]
        assert loaded == [{load} for load in (forwards if number % 2 == 0 else forwards[::-1])]
        met = [{(one.canary, one.replicate) for one in block} for block in one_pass]
        assert met.count(met[0]) == len(met)
