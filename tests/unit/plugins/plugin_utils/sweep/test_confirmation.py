# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The confirmation cell: the winning levels together, and nothing that nobody won with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import Cell, PlannedCanary, Sweep, load_sweep
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.confirmation import (
    CONFIRMATION,
    confirmation,
    confirmation_canaries,
)

BASELINE = Cell(
    id="base",
    model="tiny",
    host_class="llama_cpp/cpu/16",
    factor=None,
    level=None,
    load={"context_tokens": 4096, "kv_type": "f16", "parallel": 1},
    chat={"temperature": 0.3, "reasoning": "on"},
    load_digest="load-base",
    position=4,
)
LEVELS: dict[tuple[str, str], list[Any]] = {
    ("load", "context_tokens"): [2048, 8192],
    ("load", "kv_type"): ["q8_0", "q4_0"],
    ("chat", "temperature"): [0.0, 0.8],
    ("chat", "reasoning"): ["off"],
    ("chat", "top_p"): [0.9],
}


def level_of(kind: str, factor: str, level: Any, position: int = 5) -> Cell:
    changed = {**getattr(BASELINE, kind), factor: level}
    cell = replace(BASELINE, id=f"{factor}-{level}", factor=factor, level=level, position=position)
    return replace(cell, load=changed, load_digest=f"load-{level}") if kind == "load" else replace(cell, chat=changed)


ALL = [level_of(kind, factor, level, 5 + index) for index, ((kind, factor), levels) in enumerate(LEVELS.items())
       for level in levels]  # fmt: skip


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    path = tmp_path_factory.mktemp("sweep") / "sweep.yml"
    path.write_text(
        "{name: night, models: [tiny], canaries: [hello, sums, ledger, migration],"
        " baseline: {load: {context_tokens: 4096}, chat: {temperature: 0.3}}}"
    )
    return load_sweep(path)


def test_two_winning_levels_are_one_cell_of_the_same_model_and_host_class(sweep: Sweep) -> None:
    made = confirmation(sweep, BASELINE, [level_of("chat", "temperature", 0.8), level_of("chat", "top_p", 0.9, 7)])
    assert made is not None
    assert (made.factor, made.level) == (CONFIRMATION, {"temperature": 0.8, "top_p": 0.9})
    assert made.chat == {"temperature": 0.8, "reasoning": "on", "top_p": 0.9}
    assert made.load == BASELINE.load and made.load_digest == BASELINE.load_digest
    assert (made.model, made.host_class, made.state, made.position) == ("tiny", "llama_cpp/cpu/16", "open", 8)


def test_one_winner_was_itself_a_cell(sweep: Sweep) -> None:
    assert confirmation(sweep, BASELINE, []) is None
    assert confirmation(sweep, BASELINE, [level_of("chat", "temperature", 0.8)]) is None


def test_of_two_levels_of_one_factor_only_the_better_one_is_taken(sweep: Sweep) -> None:
    better, worse = level_of("chat", "temperature", 0.8), level_of("chat", "temperature", 0.0)
    assert confirmation(sweep, BASELINE, [better, worse]) is None
    made = confirmation(sweep, BASELINE, [better, worse, level_of("load", "kv_type", "q8_0")])
    assert made is not None and made.level == {"temperature": 0.8, "kv_type": "q8_0"}


def test_a_profile_is_not_mixed_with_what_it_sets(sweep: Sweep) -> None:
    profile = replace(
        BASELINE, id="profile", factor="profile", level="thinking", chat={"temperature": 0.6, "top_p": 0.95}
    )
    hot = level_of("chat", "temperature", 0.8)
    assert confirmation(sweep, BASELINE, [profile, hot]) is None
    made = confirmation(sweep, BASELINE, [profile, hot, level_of("load", "kv_type", "q8_0")])
    assert made is not None
    assert made.level == {"profile": "thinking", "kv_type": "q8_0"}
    assert made.chat == {"temperature": 0.6, "top_p": 0.95}, "what the profile leaves out stays left out"


def test_a_load_config_that_a_winner_had_keeps_its_digest_and_a_new_one_has_its_own(sweep: Sweep) -> None:
    kv, context = level_of("load", "kv_type", "q8_0"), level_of("load", "context_tokens", 8192)
    with_one = confirmation(sweep, BASELINE, [kv, level_of("chat", "top_p", 0.9)])
    with_two = confirmation(sweep, BASELINE, [kv, context])
    assert with_one is not None and with_one.load_digest == kv.load_digest
    assert with_two is not None
    assert with_two.load_digest not in {kv.load_digest, context.load_digest, BASELINE.load_digest}


@given(winners=st.lists(st.sampled_from(ALL), unique_by=lambda cell: cell.id, max_size=len(ALL)))
def test_every_value_is_the_baseline_s_or_the_best_winner_s_for_it(sweep: Sweep, winners: list[Cell]) -> None:
    made = confirmation(sweep, BASELINE, winners)
    best: dict[str, Any] = {}
    for winner in winners:
        best.setdefault(str(winner.factor), winner.level)
    if len(best) < 2:
        assert made is None
        return
    assert made is not None and made.level == best
    configured = {**made.load, **made.chat}
    assert configured == {**BASELINE.load, **BASELINE.chat, **best}
    assert made.id not in {cell.id for cell in (BASELINE, *ALL)}
    assert made == confirmation(sweep, BASELINE, winners), "made again, it is the same cell"


@given(first=st.permutations(ALL[:3] + ALL[4:6]), second=st.permutations(ALL[:3] + ALL[4:6]))
def test_the_same_config_is_the_same_cell_and_another_is_another(
    sweep: Sweep, first: list[Cell], second: list[Cell]
) -> None:
    one, other = confirmation(sweep, BASELINE, first), confirmation(sweep, BASELINE, second)
    assert one is not None and other is not None
    same = (one.load, one.chat) == (other.load, other.chat)
    assert (one.id == other.id) is same
    assert (one.load_digest == other.load_digest) is (one.load == other.load)


GRADES = {"hello": 0, "sums": 1, "ledger": 3, "migration": 3}


@given(grades=st.fixed_dictionaries({name: st.integers(0, 3) for name in GRADES}))
def test_it_runs_on_all_of_grade_3_else_on_all_of_the_highest_grade(sweep: Sweep, grades: dict[str, int]) -> None:
    named = confirmation_canaries(sweep, {name: PlannedCanary(name, grade, {}) for name, grade in grades.items()})
    highest = max(grades.values())
    assert named == [name for name in sweep.canaries if grades[name] == highest]


def test_a_confirmation_of_another_generation_is_another_cell(sweep: Sweep) -> None:
    winners = [level_of("chat", "temperature", 0.8), level_of("chat", "top_p", 0.9)]
    this, next_one = (confirmation(sweep, replace(BASELINE, id=name), winners) for name in ("base", "base-of-the-next"))
    assert this is not None and next_one is not None and this.id != next_one.id
