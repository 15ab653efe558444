# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule of replicates on a few of the benchmark's own sweeps, always the same ones."""

from __future__ import annotations

import numpy
import pytest

from ansible_collections.local_llm.lab.tests.benchmarks import adaptive

SWEEPS = 150


@pytest.fixture(scope="module")
def runs() -> dict[str, list[adaptive.Run]]:
    return {name: adaptive.run_sweeps(name, range(SWEEPS)) for name in adaptive.SCENARIOS}


def test_a_clear_winner_is_found_with_little_more_than_half_of_the_trials(runs: dict[str, list[adaptive.Run]]) -> None:
    measured = adaptive.results(runs)
    assert measured["clear_winner_found_pct"] >= 93
    assert measured["trials_over_fixed8"] <= 0.58
    assert measured["power_lost_points"] <= 6


@pytest.mark.parametrize("name", adaptive.SCENARIOS)
def test_what_is_no_better_is_seldom_adopted(name: str, runs: dict[str, list[adaptive.Run]]) -> None:
    """15 of 150 and more happen once in a hundred such tests at a rate of 5 %."""
    assert sum(run.adaptive.wrong for run in runs[name]) < 15


def test_a_sweep_is_the_same_in_whatever_company_it_is_run(runs: dict[str, list[adaptive.Run]]) -> None:
    assert adaptive.run_sweeps("flaky", [7, 3]) == [runs["flaky"][7], runs["flaky"][3]]


def test_a_flaky_cell_is_on_average_no_better_and_no_worse() -> None:
    scenario, source = adaptive.SCENARIOS["flaky"], numpy.random.default_rng(1)
    swings = [
        adaptive.pass_chances(scenario, 8, source)[: adaptive.DIFFERENT + 1].mean(axis=(1, 2)) for _one in range(2000)
    ]
    baseline, flaky = numpy.mean(swings, axis=0)
    assert flaky == pytest.approx(baseline, abs=0.01)
