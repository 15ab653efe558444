# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: one factor at a time, ids that depend on what a trial is and on nothing else, a balanced order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import (
    HostClass,
    Model,
    Plan,
    PlannedCanary,
    Sweep,
    Trial,
    UnknownName,
    load_catalog,
    load_sweep,
    plan,
)

COLLECTION = Path(__file__).resolve().parents[5]
BUDGETS = {"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}
CANARIES = {"hello": PlannedCanary("d1", 0, BUDGETS), "sums": PlannedCanary("d2", 1, BUDGETS)}
HERE = HostClass("llama_cpp", "none", 16 * 2**30)
THERE = HostClass("lm_studio", "GB10", 128 * 2**30)
STACKS: dict[str, dict[str, Any]] = {HERE.id: {"engine_build": "b1"}, THERE.id: {"engine_build": "b2"}}


@pytest.fixture
def sweep(sweep_file: Callable[..., Path]) -> Sweep:
    return load_sweep(sweep_file())


@pytest.fixture
def catalog(catalog_file: Callable[..., Path]) -> dict[str, Model]:
    return load_catalog(catalog_file())


def planned(sweep: Sweep, catalog: dict[str, Model], **changes: Any) -> Plan:
    arguments: dict[str, Any] = {"canaries": CANARIES, "host_classes": [HERE], "stacks": STACKS, "generation": 1}
    return plan(sweep, catalog, **(arguments | changes))


def measuring(made: Plan) -> list[Trial]:
    return [trial for trial in made.trials if trial.purpose == "measure"]


def ids(made: Plan) -> set[str]:
    return {trial.id for trial in measuring(made)}


@pytest.mark.parametrize(
    "host_class, text",
    [
        (HERE, "llama_cpp/cpu/16"),
        (THERE, "lm_studio/GB10/128"),
        (HostClass("ollama", "", int(15.6 * 2**30)), "ollama/cpu/16"),
    ],
)
def test_a_host_class_reads_as_engine_gpu_memory(host_class: HostClass, text: str) -> None:
    assert host_class.id == text


def test_cells_are_the_baseline_and_one_change_each(sweep: Sweep, catalog: dict[str, Model]) -> None:
    made = planned(sweep, catalog)
    assert [(cell.factor, cell.level, cell.chat) for cell in made.cells] == [
        (None, None, {"temperature": 0.3}),
        ("temperature", 0.0, {"temperature": 0.0}),
        ("temperature", 0.8, {"temperature": 0.8}),
    ]
    assert len(ids(made)) == len(measuring(made)) == 3 * 2 * 3
    assert len({trial.id for trial in made.trials}) == len(made.trials) == 18 + 3


def test_a_level_that_is_the_baseline_or_there_already_makes_no_cell(
    sweep_file: Callable[..., Path], catalog: dict[str, Model]
) -> None:
    repeated = load_sweep(sweep_file("[0, 0.8]", "[0.3, 0, 0.0, 0.8]\ncells:\n  - temperature: 0.8"))
    assert [cell.level for cell in planned(repeated, catalog).cells] == [None, 0.0, 0.8]


def test_the_same_question_gives_the_same_ids_and_seeds(sweep: Sweep, catalog: dict[str, Model]) -> None:
    assert planned(sweep, catalog) == planned(sweep, catalog)
    for trial in planned(sweep, catalog).trials:
        assert len(trial.id) == 20 and set(trial.id) <= set("0123456789abcdef")
        assert 0 <= trial.seed < 2**31
    assert len({trial.seed for trial in measuring(planned(sweep, catalog))}) == 18


@pytest.mark.parametrize(
    "changes",
    [
        {"generation": 2},
        {"stacks": {HERE.id: {"engine_build": "b9"}}},
        {"canaries": {name: canary._replace(digest=canary.digest + "x") for name, canary in CANARIES.items()}},
    ],
    ids=["generation", "stack", "canary"],
)
def test_another_question_gives_other_ids(sweep: Sweep, catalog: dict[str, Model], changes: dict[str, Any]) -> None:
    assert not ids(planned(sweep, catalog)) & ids(planned(sweep, catalog, **changes))


def test_another_name_model_or_config_gives_other_ids(sweep: Sweep, catalog: dict[str, Model]) -> None:
    original = ids(planned(sweep, catalog))
    other_load = replace(sweep, load=sweep.load | {"context_tokens": 2048})
    other_model = {"tiny": replace(catalog["tiny"], sha256="cd" * 32)}
    assert not original & ids(planned(replace(sweep, name="other"), catalog))
    assert not original & ids(planned(other_load, catalog))
    assert not original & ids(planned(sweep, other_model))


def test_what_is_no_part_of_the_question_leaves_the_ids_alone(sweep: Sweep, catalog: dict[str, Model]) -> None:
    other = replace(sweep, seed=99, description="x", good_enough={}, replicates=5)
    assert ids(planned(sweep, catalog)) < ids(planned(other, catalog)), "more replicates only add trials"
    both = planned(sweep, catalog, host_classes=[THERE, HERE, HERE])
    assert ids(planned(sweep, catalog)) < ids(both)
    assert len(ids(both)) == len(measuring(both)) == 36, "two hosts of one class share their trials"


@given(seed=st.integers(0, 2**32), replicates=st.integers(3, 6))
def test_stopped_anywhere_a_block_is_balanced(seed: int, replicates: int) -> None:
    demo = load_sweep(COLLECTION / "inventory" / "sweeps" / "demo.yml")
    models = load_catalog(COLLECTION / "inventory" / "catalog.yml")
    canaries = {name: PlannedCanary(name, 0, BUDGETS) for name in demo.canaries}
    made = planned(replace(demo, seed=seed, replicates=replicates), models, canaries=canaries)
    run: Counter[tuple[str, str]] = Counter()
    every = {(trial.cell, trial.canary) for trial in measuring(made)}
    for trial in measuring(made):
        run[trial.cell, trial.canary] += 1
        counts = [run[pair] for pair in every]
        assert max(counts) - min(counts) <= 1
        assert run[trial.cell, trial.canary] == trial.replicate


def test_the_seed_of_the_sweep_orders_the_trials(sweep: Sweep, catalog: dict[str, Model]) -> None:
    orders = {tuple(trial.id for trial in planned(replace(sweep, seed=seed), catalog).trials) for seed in range(5)}
    assert len(orders) == 5


def test_the_sweeps_budgets_replace_the_canarys(sweep: Sweep, catalog: dict[str, Model]) -> None:
    made = planned(replace(sweep, budgets={"turns": 4}), catalog)
    assert all(trial.budgets == BUDGETS | {"turns": 4} for trial in measuring(made))


def test_an_unknown_model_or_canary_is_named_with_the_near_ones(sweep: Sweep, catalog: dict[str, Model]) -> None:
    with pytest.raises(UnknownName, match=r"nightly\.yml:2:10: unknown model 'tiny'.*did you mean tiny2"):
        planned(sweep, {"tiny2": catalog["tiny"]})
    with pytest.raises(UnknownName, match=r"nightly\.yml:3:19: unknown canary 'sums'.*known are: hello"):
        planned(sweep, catalog, canaries={"hello": CANARIES["hello"]})


def test_the_demo_is_small_enough_to_wait_for() -> None:
    demo = load_sweep(COLLECTION / "inventory" / "sweeps" / "demo.yml")
    models = load_catalog(COLLECTION / "inventory" / "catalog.yml")
    made = planned(demo, models, canaries={name: PlannedCanary(name, 0, BUDGETS) for name in demo.canaries})
    assert 12 <= len(measuring(made)) <= 18 and len(made.trials) <= 21
    assert {cell.load_digest for cell in made.cells} == {made.cells[0].load_digest}, "one load of the model"


def test_what_an_engine_would_ignore_is_refused_before_it_is_tried(
    sweep_file: Callable[..., Path], catalog: dict[str, Model]
) -> None:
    sweep = load_sweep(sweep_file("temperature: [0, 0.8]", "kv_type: [q8_0]\n  temperature: [0.9]"))

    def refusal(load: dict[str, Any]) -> str | None:
        return "kv_type is fixed" if load["kv_type"] != "f16" else None

    made = planned(sweep, catalog, refusals={HERE.id: refusal})
    states = {cell.factor: (cell.state, cell.numbers) for cell in made.cells}
    assert states["kv_type"] == ("factor_not_applied", {"reason": "kv_type is fixed"})
    assert states[None] == states["temperature"] == ("open", None)
    refused = {cell.id for cell in made.cells if cell.numbers}
    assert made.trials and not refused & {trial.cell for trial in made.trials}
    asked_elsewhere = planned(sweep, catalog, refusals={THERE.id: refusal})
    assert {cell.state for cell in asked_elsewhere.cells} == {"open"}


def test_a_cloud_s_model_runs_on_a_cloud_and_a_file_anywhere_else(
    sweep_file: Callable[..., Path], catalog_file: Callable[..., Path]
) -> None:
    sweep = load_sweep(sweep_file("models: [tiny]", "models: [tiny, opus]"))
    catalog = load_catalog(
        catalog_file("models:\n", "models:\n  opus: {cloud: {id: opus-20261101, context_tokens: 2048}}\n")
    )
    cloud = HostClass("openai_compatible", "none", 0)
    assert cloud.id == "openai_compatible/cloud"
    stacks = STACKS | {cloud.id: {"engine_build": "a day in November"}}
    made = planned(sweep, catalog, host_classes=[HERE, cloud], stacks=stacks)
    assert {(trial.model, trial.host_class) for trial in made.trials} == {("tiny", HERE.id), ("opus", cloud.id)}

    asked = planned(sweep, catalog, host_classes=[cloud], stacks=stacks, refusals={cloud.id: lambda load: None})
    assert {str(cell.numbers) for cell in asked.cells} == {
        "{'reason': 'context_tokens = 4096 is more than the 2048 of this model'}"
    }
