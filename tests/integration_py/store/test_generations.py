# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generations: begun once, planned into as often as one likes, never mixed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.store import (
    Planned,
    StackChanged,
    Store,
    StoreError,
    SweepChanged,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.store.rounds import Round
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import HostClass
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.blocks import Wanted, laid_out

PASSED = {"outcome": "passed", "ceiling": None, "detail": None}
TRIALS = 3 * 2 * 3 + 4 * 3  # of four blocks, each with a warm-up and two anchors


def finish(lab: Any) -> None:
    session = lab.session()
    for block in range(4):
        while claim := lab.claim(session, block):
            lab.store.record(claim, PASSED)
    assert not lab.store.complete(lab.id)
    lab.look()
    assert lab.store.complete(lab.id)


def test_a_generation_goes_on_until_it_is_complete_and_a_new_one_is_asked_for(lab: Any) -> None:
    assert (lab.generation.number, lab.generation.state) == (1, "open")
    assert lab.reopen().number == 1
    finish(lab)
    assert (lab.reopen().number, lab.generation.state) == (1, "complete")
    assert lab.generation.completed_at >= lab.generation.created_at
    assert (lab.reopen(new=True).number, lab.generation.state) == (2, "open")
    assert lab.reopen().number == 2


def test_a_new_generation_before_the_end_leaves_the_old_one_abandoned(lab: Any) -> None:
    lab.reopen(new=True)
    assert [generation.state for generation in lab.store.generations("nightly")] == ["abandoned", "open"]
    assert lab.plan() == Planned(added=TRIALS, known=0, left_out=0)


def test_planning_again_adds_nothing(lab: Any) -> None:
    assert lab.plan() == Planned(added=0, known=TRIALS, left_out=0)
    assert len(lab.store.summary(lab.id)["trials"]) == TRIALS


def test_a_plan_is_stored_whole_or_not_at_all(store: Store, lab: Any) -> None:
    lab.reopen(new=True)
    with pytest.raises(KeyError):
        store.plan(lab.generation, lab.planned(), lab.sweep.as_dict(), [{"host_class": "a host without a name"}])
    assert store.progress(lab.id)["total"] == 0


def test_a_stack_that_changed_stops_the_sweep_and_says_what_changed(lab: Any) -> None:
    lab.stack = {"engine": {"build": "b2"}, "agent": "a1", "template": "t"}
    with pytest.raises(StackChanged) as failure:
        lab.plan()
    assert failure.value.changes == ["engine.build: b1 -> b2", "template: nothing -> t"]
    assert "--new" in failure.value.remedy and "llama_cpp/cpu/16" in failure.value.message
    assert len(lab.store.summary(lab.id)["trials"]) == TRIALS
    lab.reopen(new=True)
    assert lab.plan().added == TRIALS


def test_another_host_class_joins_with_its_own_stack(lab: Any) -> None:
    lab.host_class, lab.stack = HostClass("ollama", "GB10", 128 * 2**30), {"engine": {"build": "c7"}}
    assert lab.plan().added == TRIALS
    stacks = lab.store.summary(lab.id)["generation"]["stack"]
    assert {name: stack["engine"]["build"] for name, stack in stacks.items()} == {
        "llama_cpp/cpu/16": "b1",
        "ollama/GB10/128": "c7",
    }


def test_more_replicates_continue_the_generation_and_reopen_its_cells(lab: Any) -> None:
    lab.store.set_cell_state(lab.store.summary(lab.id)["cells"][0]["id"], "complete")
    assert lab.cell_states() == ["complete", "open", "open"]
    assert lab.plan(replicates=4) == Planned(added=6 + 4 * 3, known=TRIALS, left_out=0)
    assert lab.cell_states() == ["open", "open", "open"]
    assert lab.plan(replicates=4).added == 0
    added = [trial for trial in lab.store.summary(lab.id)["trials"] if trial["block"] > 3]
    assert {trial["replicate"] for trial in added if trial["purpose"] == "measure"} == {4}
    assert len([block for block in lab.store.blocks(lab.id, lab.host_class.id) if block.number > 3]) == 4


def test_what_looks_and_reruns_added_is_no_change_of_the_sweep(lab: Any) -> None:
    cell = lab.planned().cells[0]
    scene = lab.planned().scenes[lab.host_class.id, "tiny"]
    wanted = [Wanted(cell, "hello", 4)]

    def layout(block: int, position: int) -> list[Any]:
        assert (block, position) == (4, TRIALS)
        return laid_out(scene, [wanted], "replicate", block, position)

    decided = Round("tiny", 1, [{"cell": cell.id}], {}, (), layout)
    assert lab.store.add_round(lab.id, lab.host_class.id, decided)
    assert not lab.store.add_round(lab.id, lab.host_class.id, decided), "a look is written once"
    assert len(lab.store.summary(lab.id)["trials"]) == TRIALS + 4
    assert lab.plan() == Planned(added=0, known=TRIALS, left_out=0)
    assert lab.plan(replicates=4) == Planned(added=5 + 4 * 3, known=TRIALS + 1, left_out=0)


def test_how_to_judge_may_change_at_any_time(lab: Any) -> None:
    assert lab.plan(good_enough={"builder": {"pass_rate": 0.9}}, seed=5).added == 0
    assert lab.store.summary(lab.id)["sweep"]["good_enough"] == {"builder": {"pass_rate": 0.9}}


@pytest.mark.parametrize(
    "change, says",
    [
        ({"budgets": {"turns": 4}}, "budgets.turns: nothing -> 4"),
        ({"chat": {"temperature": 0.5}}, "baseline.chat.temperature: 0.3 -> 0.5"),
        ({"canaries": ("hello",)}, 'canaries: ["hello", "sums"] -> ["hello"]'),
    ],
)
def test_a_sweep_that_asks_for_something_else_is_refused(lab: Any, change: dict[str, Any], says: str) -> None:
    with pytest.raises(SweepChanged) as failure:
        lab.plan(**change)
    assert says in failure.value.changes
    assert lab.plan() == Planned(added=0, known=TRIALS, left_out=0)


def test_a_model_or_a_canary_that_changed_is_refused_by_name(lab: Any) -> None:
    lab.canaries["sums"] = lab.canaries["sums"]._replace(digest="other")
    with pytest.raises(SweepChanged, match="the files of canary sums"):
        lab.plan()
    lab.canaries["sums"] = lab.canaries["sums"]._replace(digest="sums")
    lab.model = lab.model.__class__(**(vars(lab.model) | {"sha256": "cd" * 32}))
    with pytest.raises(SweepChanged, match=r"model tiny: .*sha256: abab"):
        lab.plan()


def test_a_complete_generation_takes_nothing_more(lab: Any) -> None:
    finish(lab)
    lab.reopen()
    assert lab.plan() == Planned(added=0, known=TRIALS, left_out=0)
    assert lab.plan(replicates=5) == Planned(added=0, known=TRIALS, left_out=12)
    assert lab.store.summary(lab.id)["sweep"]["replicates"] == 3


def test_a_read_only_store_leaves_nothing_behind(tmp_path: Path, lab: Any) -> None:
    absent = tmp_path / "elsewhere" / "store.sqlite"
    with Store(f"sqlite:///{absent}", read_only=True) as store:
        generation = store.open_generation("nightly")
        assert (generation.id, generation.number) == (None, 1)
        assert store.plan(generation, lab.planned(), lab.sweep.as_dict(), []).added == TRIALS
        assert store.generations("nightly") == []
        with pytest.raises(StoreError, match="read only"):
            store.begin_session("nightly", "here", 1, "now")
    assert not absent.parent.exists()


def test_a_read_only_store_tells_what_would_happen(store_url: str, lab: Any) -> None:
    with Store(store_url, read_only=True) as store:
        generation = store.open_generation("nightly")
        assert generation == lab.generation.__class__(**(vars(generation)))
        assert store.plan(generation, lab.planned(replicates=4), lab.sweep.as_dict(), []).added == 6 + 4 * 3
        assert store.open_generation("nightly", new=True).number == 2
        lab.stack = {"engine": {"build": "b2"}}
        with pytest.raises(StackChanged):
            store.plan(generation, lab.planned(), lab.sweep.as_dict(), [])
    assert [generation.number for generation in lab.store.generations("nightly")] == [1]
    assert lab.store.progress(lab.id)["total"] == TRIALS
