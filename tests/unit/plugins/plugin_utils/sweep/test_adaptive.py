# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule of replicates: what happens to a cell, and what must hold whatever the trials did."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.adaptive import (
    CellLook,
    Rule,
    Tally,
    look,
    shown_better,
    words,
)

ADAPTIVE, FIXED = Rule(0.05, 3, 8), Rule(0.05, 8, 8)
CANARIES = [f"canary {number}" for number in range(10)]

Trials = Sequence[tuple[str, int, "bool | None"]]


def trials(per_replicate: Mapping[int, int], canaries: int = 10) -> Trials:
    """How many of the canaries passed in each replicate; which of them moves on by three."""
    return [
        (CANARIES[number], replicate, (number + 3 * replicate) % canaries < passes)
        for replicate, passes in per_replicate.items()
        for number in range(canaries)
    ]


def steady(passes: int, replicates: int, canaries: int = 10) -> Trials:
    return trials(dict.fromkeys(range(1, replicates + 1), passes), canaries)


def looked(rule: Rule, cells: Mapping[str, Trials]) -> dict[str, CellLook]:
    found = look(rule, [Tally.of(name, name == "baseline", of) for name, of in cells.items()])
    assert [one.cell for one in found] == list(cells)
    return {one.cell: one for one in found}


def test_a_screen_of_three_tells_nobody_better_and_drops_who_cannot_become_it() -> None:
    looks = looked(ADAPTIVE, {"baseline": steady(4, 3), "better": steady(7, 3), "alike": steady(4, 3)})
    assert (looks["better"].state, looks["better"].replicates) == ("open", 5)
    assert (looks["alike"].state, looks["alike"].replicates) == ("futility", 3)
    assert (looks["baseline"].state, looks["baseline"].replicates) == ("baseline", 5)
    assert words(looks["alike"]).startswith("stopped after N = 3 per canary: could not win any more (+0 points, p = ")
    assert words(looks["better"]).endswith("goes on to N = 5")


def test_a_cell_far_ahead_is_shown_better_at_the_second_look_and_nothing_more_is_run() -> None:
    looks = looked(ADAPTIVE, {"baseline": steady(4, 5), "better": steady(8, 5), "alike": steady(4, 3)})
    assert (looks["better"].state, looks["better"].replicates) == ("efficacy", 5)
    assert looks["baseline"].replicates == 5
    assert shown_better(looks.values()) == ["better"]
    assert words(looks["better"]).startswith("shown better at look 2 (N = 5 per canary): +40 points, p = ")
    assert looks["better"].numbers["p_value"] <= looks["better"].numbers["boundary"]


def test_at_the_last_look_a_cell_that_is_not_shown_better_is_exhausted() -> None:
    looks = looked(ADAPTIVE, {"baseline": steady(5, 8), "a bit better": steady(6, 8), "alike": steady(5, 3)})
    assert (looks["a bit better"].state, looks["a bit better"].replicates) == ("exhausted", 8)
    assert looks["baseline"].replicates == 8
    assert "not shown better after N = 8 per canary: +10 points" in words(looks["a bit better"])


def test_fixed_mode_is_one_look_by_holm() -> None:
    """0.05 / 3 for the smallest p-value, 0.05 / 2 for the next, 0.05 for the last."""
    assert FIXED.looks == (8,)
    ahead = trials({1: 6, 2: 6, 3: 6, 4: 6, 5: 6, 6: 6, 7: 5, 8: 5})
    cells = {"baseline": steady(4, 8), "far": steady(9, 8), "ahead": ahead, "alike": steady(4, 8)}
    looks = looked(FIXED, cells)
    assert [looks[name].state for name in ("far", "ahead", "alike")] == ["efficacy", "efficacy", "exhausted"]
    assert looks["far"].numbers["boundary"] == pytest.approx(0.05 / 3, rel=1e-4)
    assert 0.05 / 3 < looks["ahead"].numbers["p_value"] <= looks["ahead"].numbers["boundary"]
    assert looks["alike"].numbers["boundary"] == pytest.approx(0.05, rel=1e-4)


def test_the_looks_between_screen_and_most() -> None:
    known = {(3, 8): (3, 5, 8), (3, 3): (3,), (3, 4): (3, 4), (1, 8): (1, 2, 3, 5, 8), (3, 20): (3, 5, 8, 12, 20)}
    assert {limits: Rule(0.05, *limits).looks for limits in known} == known


def test_what_all_looks_may_spend_is_the_risk_and_it_is_shared_by_levels_and_by_models() -> None:
    spent = 0.0
    for replicates in ADAPTIVE.looks:
        cells = {"baseline": steady(4, replicates), "one": steady(6, replicates), "two": steady(6, replicates)}
        one = look(replace(ADAPTIVE, shared_by=4), [Tally.of(n, n == "baseline", of) for n, of in cells.items()])[1]
        assert one.state == ("exhausted" if replicates == 8 else "open")
        spent += one.numbers["boundary"]
    assert spent == pytest.approx(0.05 / 4 / 2, rel=1e-4)


def test_every_model_on_every_host_class_that_compares_levels_shares_the_sweep_s_risk() -> None:
    sweep = {"replicates": 3, "most_replicates": 8, "wrong_adoption": 0.05}
    cells = [
        {"model": model, "host_class": host_class, "factor": factor}
        for model, host_class, factor in (
            ("small", "gb10", None), ("small", "gb10", "temperature"), ("small", "gb10", "top_p"),
            ("large", "gb10", "temperature"), ("small", "mac", "temperature"), ("large", "mac", None),
        )
    ]  # fmt: skip
    assert Rule.of(sweep, cells) == Rule(0.05, 3, 8, shared_by=3)
    assert Rule.of(sweep, cells[:1]) == ADAPTIVE


def test_a_cell_that_never_ran_takes_no_part_of_the_risk() -> None:
    cells = {"baseline": steady(4, 8), "better": steady(6, 8)}
    alone, beside = (looked(FIXED, made)["better"] for made in (cells, cells | {"infeasible": []}))
    assert alone == beside


def test_a_cell_that_swings_is_not_shown_better_however_far_ahead() -> None:
    swinging = trials({1: 10, 2: 10, 3: 10, 4: 2, 5: 10, 6: 10, 7: 10, 8: 2})
    looks = looked(FIXED, {"baseline": steady(4, 8), "swings": swinging})
    assert looks["swings"].numbers["p_value"] < looks["swings"].numbers["boundary"]
    assert (looks["swings"].state, looks["swings"].numbers["why"]) == ("exhausted", "unsteady")
    assert "swings between replicates more than chance" in words(looks["swings"])


def test_a_cell_that_could_be_compared_on_few_canaries_does_not_win_by_them() -> None:
    kept = [(name, number, passed if name in CANARIES[:6] else None) for name, number, passed in steady(10, 8)]
    looks = looked(FIXED, {"baseline": steady(2, 8), "half void": kept})
    assert (looks["half void"].state, looks["half void"].numbers["why"]) == ("exhausted", "few_canaries")
    assert "only 6 of 10 canaries" in words(looks["half void"])


def test_where_every_replicate_repeats_the_first_no_more_are_asked_for() -> None:
    greedy = [(name, number, passed if number == 1 else None) for name, number, passed in steady(5, 3)]
    looks = looked(ADAPTIVE, {"baseline": greedy, "greedy": greedy, "warm": steady(9, 3)})
    assert (looks["greedy"].state, looks["greedy"].numbers["why"]) == ("exhausted", "repeats")
    assert (looks["warm"].state, looks["warm"].replicates) == ("open", 5)
    assert looks["baseline"].replicates == 3


def test_a_cell_that_is_cut_off_is_told_at_the_look_it_reached() -> None:
    cells = {"baseline": steady(4, 5), "ahead": steady(6, 5), "other": steady(6, 5)}
    tallies = [Tally.of(name, name == "baseline", of, cut_off=True) for name, of in cells.items()]
    ended = look(ADAPTIVE, tallies)[1]
    assert (ended.state, ended.replicates) == ("exhausted", 5)
    assert looked(ADAPTIVE, cells)["ahead"].state == "open"
    early = look(ADAPTIVE, [tallies[0], Tally.of("ahead", False, steady(9, 2), cut_off=True)])[1]
    assert (early.state, words(early)) == ("exhausted", "ended before its first look")


def test_without_a_baseline_nothing_is_better() -> None:
    (alone,) = look(ADAPTIVE, [Tally.of("alone", False, steady(10, 3))])
    assert alone.state == "futility"


def test_counts_alone_are_enough_for_the_newest_look() -> None:
    counts = {"baseline": 8, "better": 40}
    tallies = [
        Tally(cell, cell == "baseline", dict.fromkeys(CANARIES, passes // 8), dict.fromkeys(CANARIES, 5), 5)
        for cell, passes in counts.items()
    ]
    assert [one.state for one in look(ADAPTIVE, tallies)] == ["baseline", "efficacy"]


def test_a_trial_of_a_rerun_block_takes_the_place_of_the_one_that_drifted() -> None:
    rerun = [(name, number + 1 if name in CANARIES[:5] else number, passed) for name, number, passed in steady(7, 3)]
    assert Tally.of("cell", False, rerun).replicates == 3
    assert look(ADAPTIVE, [Tally.of("baseline", True, steady(4, 3)), Tally.of("cell", False, rerun)])[1].state == "open"


@st.composite
def sweeps(draw: st.DrawFn, rule: Rule = ADAPTIVE) -> list[Tally]:
    """Cells of any quality with any trials void, each having reached one of the looks; the baseline all of them."""
    source = random.Random(draw(st.integers(0, 2**32)))
    canaries = CANARIES[: draw(st.integers(1, 10))]
    tallies = []
    for cell in range(draw(st.integers(2, 6))):
        reached = rule.looks[-1] if cell == 0 else draw(st.sampled_from(rule.looks))
        chance, counts = draw(st.sampled_from([0, 0.2, 0.5, 0.8, 1])), draw(st.sampled_from([1, 0.9, 0.5]))
        results = [
            (name, number + 1, source.random() < chance if source.random() < counts else None)
            for name in canaries
            for number in range(reached)
        ]
        tallies.append(Tally.of(f"cell {cell}", cell == 0, results))
    return tallies


RULES = st.tuples(st.integers(1, 5), st.integers(0, 10)).map(lambda limits: Rule(0.05, limits[0], sum(limits)))


@settings(max_examples=100)
@given(RULES.flatmap(lambda rule: st.tuples(st.just(rule), sweeps(rule))))
def test_targets_are_looks_within_the_most_and_only_open_cells_go_on(made: tuple[Rule, list[Tally]]) -> None:
    rule, tallies = made
    for before, one in zip(tallies, look(rule, tallies), strict=True):
        assert before.replicates <= one.replicates <= rule.most
        if one.state not in ("open", "baseline"):
            assert one.replicates == before.replicates
        if one.state == "open":
            assert one.replicates in rule.looks and one.replicates > before.replicates
        assert words(one)


@settings(max_examples=100)
@given(sweeps(), st.randoms(use_true_random=False))
def test_the_order_of_cells_and_of_trials_does_not_matter(tallies: list[Tally], order: random.Random) -> None:
    shuffled = order.sample(tallies, len(tallies))
    assert sorted(look(ADAPTIVE, shuffled), key=lambda one: one.cell) == look(ADAPTIVE, tallies)


@settings(max_examples=100)
@given(sweeps())
def test_a_cell_that_did_what_the_baseline_did_never_wins(tallies: list[Tally]) -> None:
    for rule in (ADAPTIVE, FIXED):
        twin = replace(tallies[0], cell="twin", baseline=False)
        found = look(rule, [*tallies, twin])[-1]
        assert found.state not in ("efficacy", "open")
        assert found.numbers["difference"] == 0


@settings(max_examples=100)
@given(sweeps(), st.data())
def test_one_more_pass_makes_no_cell_less_shown(tallies: list[Tally], data: st.DataObject) -> None:
    """By counts; that swinging counts against a cell is another matter."""
    counts = [replace(one, history=()) for one in tallies]
    which = data.draw(st.integers(1, len(counts) - 1))
    canary = data.draw(st.sampled_from(sorted(counts[which].counted)))
    passed = dict(counts[which].passed)
    passed[canary] = min(passed[canary] + 1, counts[which].counted[canary])
    more = [replace(one, passed=passed) if number == which else one for number, one in enumerate(counts)]
    ranks = {"futility": 0, "exhausted": 0, "open": 1, "efficacy": 2}
    before, after = look(ADAPTIVE, counts)[which], look(ADAPTIVE, more)[which]
    assert ranks[after.state] >= ranks[before.state]
    assert (after.numbers["p_value"] or 1) <= (before.numbers["p_value"] or 1) * 1.00001


@settings(max_examples=100)
@given(st.integers(0, 2**32), st.integers(2, 7))
def test_the_end_says_of_every_cell_what_the_look_said_that_stopped_it(seed: int, cells: int) -> None:
    source = random.Random(seed)
    chances = [0.4, *(source.choice([0.2, 0.4, 0.6, 0.9]) for _cell in range(cells - 1))]
    all_trials = [
        [(name, number, source.random() < chance if source.random() < 0.9 else None) for name in CANARIES]
        for chance in chances
        for number in range(1, 9)
    ]
    replicates, stopped = [3] * cells, {}
    for _round in range(4):
        found = look(
            ADAPTIVE,
            [
                Tally.of(
                    str(cell),
                    cell == 0,
                    [trial for results in all_trials[8 * cell : 8 * cell + reached] for trial in results],
                )
                for cell, reached in enumerate(replicates)
            ],
        )
        for one in found:
            if one.state not in ("open", "baseline"):
                assert stopped.setdefault(one.cell, one) == one
        replicates = [one.replicates for one in found]
    assert len(stopped) == cells - 1
