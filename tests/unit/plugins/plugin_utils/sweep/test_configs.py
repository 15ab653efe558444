# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Factors that each model has its own levels of (profile, quant, draft), and one factor at a time whatever is asked."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.job import OWN
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import (
    HostClass,
    Model,
    Plan,
    PlannedCanary,
    Sweep,
    SweepError,
    configs,
    load_catalog,
    load_sweep,
    plan,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.schema import load_schema

QUANTISED = f"""\
models:
  tiny:
    quant: Q4_K_M
    quants:
      Q4_K_M: {{file: tiny-q4.gguf, sha256: {"ab" * 32}, size_bytes: 100, source: {{path: /models/q4.gguf}}}}
      Q8_0: {{file: tiny-q8.gguf, sha256: {"cd" * 32}, size_bytes: 200, source: {{path: /models/q8.gguf}}}}
    draft: small
    profiles:
      thinking: {{temperature: 0.6, top_p: 0.95, top_k: 20, reasoning: on}}
      instruct: {{temperature: 0.7, reasoning: off}}
  small:
    file: small.gguf
    sha256: {"ef" * 32}
    size_bytes: 10
    source: {{path: /models/small.gguf}}
"""
SHAPE = """\
    shape:
      architecture: qwen3
      total_parameters: 1000
      active_parameters: {active}
      weight_bytes: 2000
      active_weight_bytes: 800
      train_context_tokens: 4096
      vocabulary: {vocabulary}
      layers: [{{count: 2, kv_heads: 2, key_length: 32, value_length: 32}}]
"""
HERE = HostClass("llama_cpp", "none", 16 * 2**30)
CANARIES = {name: PlannedCanary(name, 0, {"turns": 8}) for name in ("hello", "sums")}
FACTORS = {kind: load_schema("sweep")["$defs"][kind]["properties"] for kind in ("load", "chat")}


@pytest.fixture
def quantised(tmp_path: Path) -> Callable[..., dict[str, Model]]:
    def write(old: str = "", new: str = "") -> dict[str, Model]:
        assert old in QUANTISED
        (tmp_path / "catalog.yml").write_text(QUANTISED.replace(old, new, 1) if old else QUANTISED + new)
        return load_catalog(tmp_path / "catalog.yml")

    return write


def planned(sweep: Sweep, catalog: dict[str, Model]) -> Plan:
    return plan(sweep, catalog, CANARIES, [HERE], {HERE.id: {"engine_build": "b1"}}, 1)


def swept(sweep_file: Callable[..., Path], factors: str) -> Sweep:
    return load_sweep(sweep_file("temperature: [0, 0.8]", factors))


def test_a_profile_is_the_baseline_with_exactly_the_vendors_bundle(
    sweep_file: Callable[..., Path], quantised: Callable[..., dict[str, Model]]
) -> None:
    sweep = swept(sweep_file, "profile: [thinking, instruct]")
    sweep = replace(sweep, chat={"temperature": 0.3, "min_p": 0.1, "history": "summarise"})
    found = [(config.change and config.change.level, config.chat) for config in configs(sweep, quantised()["tiny"])]
    assert found == [
        (None, sweep.chat),
        ("thinking", {"temperature": 0.6, "top_p": 0.95, "top_k": 20, "reasoning": "on", "history": "summarise"}),
        ("instruct", {"temperature": 0.7, "reasoning": "off", "history": "summarise"}),
    ], "min_p is not the vendor's, and the history is the agent's own"


def test_a_profile_is_what_it_says_and_not_its_name(
    sweep_file: Callable[..., Path], quantised: Callable[..., dict[str, Model]]
) -> None:
    sweep = swept(sweep_file, "profile: [thinking]")
    before, same, after = (
        planned(sweep, catalog)
        for catalog in (quantised(), quantised("top_k: 20", "top_k: 20.0"), quantised("top_k: 20", "top_k: 40"))
    )
    assert before.trials == same.trials
    one, other = ({cell.id: cell.level for cell in made.cells} for made in (before, after))
    assert [one[cell] for cell in one.keys() & other.keys()] == [None], "the baseline is the same, the profile is not"
    assert len({trial.id for trial in [*before.trials, *after.trials]}) > len(before.trials)


def test_what_a_model_does_not_have_is_a_cell_without_trials_that_says_why(
    sweep_file: Callable[..., Path], quantised: Callable[..., dict[str, Model]]
) -> None:
    factors = "profile: [thinking]\n  quant: [Q8_0, Q2_K]\n  speculative: [draft]"
    sweep = replace(swept(sweep_file, factors), models=("tiny", "small"))
    made = planned(sweep, quantised())
    reasons = {(cell.model, cell.level): cell.numbers["reason"] for cell in made.cells if cell.numbers}
    assert reasons == {
        ("tiny", "Q2_K"): "tiny has no quant Q2_K; it has Q4_K_M, Q8_0",
        ("small", "thinking"): "small has no profile thinking; it has none",
        ("small", "Q8_0"): "small has no quant Q8_0; it has one file only",
        ("small", "Q2_K"): "small has no quant Q2_K; it has one file only",
        ("small", "draft"): "small has no draft in the catalog",
    }
    for cell in made.cells:
        assert cell.state == ("factor_not_applied" if cell.numbers else "open")
        assert bool(cell.numbers) != any(trial.cell == cell.id for trial in made.trials)


def test_experts_mean_nothing_to_a_dense_model(
    sweep_file: Callable[..., Path], quantised: Callable[..., dict[str, Model]]
) -> None:
    sweep = replace(swept(sweep_file, "experts_used: [4]"), models=("small",))
    dense = planned(sweep, quantised("", SHAPE.format(active=1000, vocabulary=9)))
    assert dense.cells[1].numbers == {"reason": "experts_used = 4 means nothing to small, which is dense"}
    for catalog in (quantised("", SHAPE.format(active=400, vocabulary=9)), quantised()):
        assert [cell.state for cell in planned(sweep, catalog).cells] == ["open", "open"], (
            "where nothing is known of it too"
        )


def test_weights_that_a_load_config_chooses_are_part_of_what_a_trial_is(
    sweep_file: Callable[..., Path], quantised: Callable[..., dict[str, Model]]
) -> None:
    sweep = swept(sweep_file, "quant: [Q4_K_M, Q8_0]\n  speculative: [off, draft]")
    made = planned(sweep, quantised())
    assert [(cell.factor, cell.level) for cell in made.cells] == [
        (None, None),
        ("quant", "Q8_0"),
        ("speculative", "draft"),
    ]
    digests = {trial.load_digest: trial.model_digest for trial in made.trials}
    assert len(set(digests.values())) == 3
    assert digests[made.cells[0].load_digest] == quantised()["tiny"].digest
    changed = {"ab" * 32: None, "cd" * 32: "Q8_0", "ef" * 32: "draft"}
    for sha256, level in changed.items():
        other = planned(sweep, quantised(sha256, "1a" * 32))
        gone = {cell.level for cell in made.cells} - {one.level for one in other.cells if one in made.cells}
        assert gone == ({level} if level else {None, "Q8_0", "draft"}), "the baseline's weights are in every id"
        ours = [trial.model_digest for trial in made.trials if trial.id in {one.id for one in other.trials}]
        assert all(digest in {one.model_digest for one in other.trials} for digest in ours)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("quant: Q4_K_M", "quant: Q5_K_M", r"catalog\.yml:3:5: unknown quant 'Q5_K_M'"),
        ("draft: small", "draft: tiny", r"catalog\.yml:7:5: unknown model to draft 'tiny'.*known are: small"),
        ("draft: small", "file: a.gguf", r"catalog\.yml:7:5: unknown key of models\.tiny 'file'"),
        ("temperature: 0.7", "temperature: 3", r"models\.tiny\.profiles\.instruct\.temperature is 3"),
        ("temperature: 0.7, ", "", r"models\.tiny\.profiles\.instruct has no 'temperature'"),
        (
            "temperature: 0.7",
            "temperature: 0.7, history: full",
            "unknown key of models.tiny.profiles.instruct 'history'",
        ),
    ],
)
def test_an_entry_that_cannot_be_is_refused_at_its_place(
    quantised: Callable[..., dict[str, Model]], old: str, new: str, said: str
) -> None:
    with pytest.raises(SweepError, match=said):
        quantised(old, new)


def test_what_drafts_must_have_the_same_vocabulary(quantised: Callable[..., dict[str, Model]]) -> None:
    ours, drafting = (SHAPE.format(active=1000, vocabulary=number) for number in (9, 8))
    with pytest.raises(SweepError, match="small has a vocabulary of 8 tokens, tiny one of 9"):
        quantised("  small:\n    file: small.gguf\n", f"{ours}  small:\n    file: small.gguf\n{drafting}")


def test_a_profile_in_the_baseline_is_refused_at_its_place(sweep_file: Callable[..., Path]) -> None:
    with pytest.raises(SweepError, match=r"nightly\.yml:9:5: a profile is a factor"):
        load_sweep(sweep_file("temperature: 0.3", "temperature: 0.3\n    profile: thinking"))


def test_a_profile_may_set_what_a_sweep_may_and_in_the_same_bounds() -> None:
    of_profiles = load_schema("catalog")["$defs"]["profile"]["properties"]
    sampling = {key: value for key, value in FACTORS["chat"].items() if key not in (*OWN, "profile")}
    assert of_profiles == sampling


def levels(factor: str, declared: dict[str, Any]) -> st.SearchStrategy[Any]:
    if factor == "quant":
        return st.sampled_from(["Q4_K_M", "Q8_0", "Q2_K"])
    if factor == "profile":
        return st.sampled_from(["thinking", "instruct", "of another model"])
    if "enum" in declared:
        return st.sampled_from(declared["enum"])
    if declared["type"] == "boolean":
        return st.booleans()
    low, high = declared.get("minimum", 0.001), declared.get("maximum", 100_000)
    if declared["type"] == "integer":
        return st.integers(int(low), int(high))
    written = st.floats(low, high).map(lambda one: round(one, 3))  # 5e-324 is a number in JSON and a text in YAML
    return written | st.sampled_from([one for one in (0, 1) if low <= one <= high])


SETTINGS = {
    kind: st.fixed_dictionaries(
        {}, optional={name: levels(name, one) for name, one in known.items() if name != "profile"}
    )
    for kind, known in FACTORS.items()
}
LEVELS = {
    name: st.lists(levels(name, one), min_size=1, max_size=3)
    for known in FACTORS.values()
    for name, one in known.items()
}


@settings(max_examples=100)  # each writes and reads two files
@given(
    load=SETTINGS["load"],
    chat=SETTINGS["chat"],
    factors=st.fixed_dictionaries({}, optional=LEVELS),
    cells=st.lists(
        st.one_of(*(st.fixed_dictionaries({name: one.map(lambda some: some[0])}) for name, one in LEVELS.items()))
    ),
)
def test_whatever_is_swept_every_cell_differs_from_the_baseline_in_exactly_one_factor(
    load: dict[str, Any], chat: dict[str, Any], factors: dict[str, Any], cells: list[dict[str, Any]]
) -> None:
    asked = {
        "name": "any",
        "models": ["tiny", "small"],
        "canaries": ["hello", "sums"],
        "baseline": {"load": {"context_tokens": 4096, **load}, "chat": {"temperature": 0.3, **chat}},
        "factors": factors,
        "cells": cells,
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sweep.yml").write_text(json.dumps(asked))
        (Path(folder) / "catalog.yml").write_text(QUANTISED)
        sweep, catalog = load_sweep(Path(folder) / "sweep.yml"), load_catalog(Path(folder) / "catalog.yml")
    made = planned(sweep, catalog)
    for name in sweep.models:
        of_model = [cell for cell in made.cells if cell.model == name]
        baseline, *others = of_model
        assert baseline.factor is None
        assert len({cell.id for cell in of_model}) == len(of_model), "no two cells are the same"
        for cell in others:
            changed = differing(baseline, cell)
            assert changed, "a cell that is the baseline again"
            bundle = {"profile", *FACTORS["chat"].keys() - OWN.keys()}
            assert changed <= (bundle if cell.factor == "profile" else {cell.factor})
    for trial in made.trials:
        assert (trial.load, trial.chat) in [
            (cell.load, chat_of) for cell in made.cells if cell.id == trial.cell for chat_of in (cell.chat, sweep.chat)
        ]


def differing(baseline: Any, cell: Any) -> set[str]:
    found = set()
    for kind in FACTORS:
        one, other = getattr(baseline, kind), getattr(cell, kind)
        found |= {key for key in one.keys() | other.keys() if one.get(key, ...) != other.get(key, ...)}
    return found
