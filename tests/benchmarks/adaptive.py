# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule of replicates in simulated sweeps whose truth is known: no engine, the rule itself, round by round.

A sweep has ten canaries and six to twelve cells, the baseline among them. A canary's pass probability under the
baseline is drawn from Beta(1.2, 1.2): most are in between, some nearly always pass or fail. One trial in ten stays
void. The pass probability falls by 10 points from the first trial to the last of eight replicates, and each replicate
goes through the cells in the reverse of the order before. The second cell is the one that is different:

- clear: 40 points more on each canary (at most 100 %); small: 15 points more; none: like all others;
- flaky: in each replicate, by a coin, 50 points more on all canaries or 50 less, cut symmetrically where a canary has
  less room, so that on average it is no better; flaky_blocks: the same with 30 points, a coin for each block (of a
  screen's three replicates two lie in the first block and one in the second, and so on).

Whatever is adopted and on average no better than the baseline is adopted wrongly. Every sweep is decided twice from the
same trials: by the adaptive rule, and with eight replicates of everything at the same risk.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy
from scipy.stats import binomtest

from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.adaptive import Rule, Tally, look, shown_better

TABLE = Path(__file__).resolve().parents[2] / "build" / "adaptive.md"
SWEEPS = 5000
SEED = 20260
CANARIES, MOST = 10, 8
FEWEST_CELLS, MOST_CELLS = 6, 12
DIFFICULTY = (1.2, 1.2)
VOIDS = 0.1
DRIFT = 0.1
BLOCKS = (0, 0, 1, 2, 3, 4, 4, 5)
ADAPTIVE, FIXED = Rule(0.05, 3, MOST), Rule(0.05, MOST, MOST)
NAMES = [f"canary {number}" for number in range(CANARIES)]
DIFFERENT = 1
CHUNK = 50


class Scenario(NamedTuple):
    """How the second cell differs: points more, or points more or less by a coin per each of these occasions."""

    more: float = 0.0
    swing: float = 0.0
    occasions: Sequence[int] = tuple(range(MOST))


SCENARIOS = {
    "clear": Scenario(more=0.4),
    "small": Scenario(more=0.15),
    "none": Scenario(),
    "flaky": Scenario(swing=0.5),
    "flaky_blocks": Scenario(swing=0.3, occasions=BLOCKS),
}


@dataclass(frozen=True)
class Decided:
    """How one rule decided one sweep."""

    found: bool
    wrong: bool
    trials: int
    measured: float


@dataclass(frozen=True)
class Run:
    """One sweep: the different cell's true effect, and how both rules decided."""

    effect: float
    adaptive: Decided
    fixed: Decided


def measure(scratch: Path) -> dict[str, float]:
    started = time.monotonic()
    runs = {name: simulated(name, SWEEPS) for name in SCENARIOS}
    seconds = time.monotonic() - started
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(table(runs))
    return results(runs) | {"sweeps": sum(map(len, runs.values())), "seconds": round(seconds, 1)}


def simulated(name: str, sweeps: int) -> list[Run]:
    """The same sweeps on any number of processors."""
    chunks = [range(first, min(first + CHUNK, sweeps)) for first in range(0, sweeps, CHUNK)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return [run for chunk in pool.map(partial(run_sweeps, name), chunks) for run in chunk]


def run_sweeps(name: str, numbers: Iterable[int]) -> list[Run]:
    return [_run(name, number) for number in numbers]


def results(runs: dict[str, list[Run]]) -> dict[str, float]:
    wrong = {name: sum(run.adaptive.wrong for run in of) for name, of in runs.items()}
    upper = {name: 100 * upper_bound(count, len(runs[name])) for name, count in wrong.items()}
    found = {name: pct(run.adaptive.found for run in runs[name]) for name in ("clear", "small")}
    fixed = {name: pct(run.fixed.found for run in runs[name]) for name in found}
    counted = [run for name in ("clear", "none") for run in runs[name]]
    small = runs["small"]
    adopted = [run for run in small if run.adaptive.found]
    return {
        "wrong_adoption_upper_pct": round(max(upper.values()), 2),
        "clear_winner_found_pct": round(found["clear"], 2),
        "trials_over_fixed8": round(trials_over_fixed(counted), 4),
        "power_lost_points": round(max(fixed[name] - found[name] for name in found), 2),
        "clear_winner_found_fixed8_pct": round(fixed["clear"], 2),
        "small_effect_found_pct": round(found["small"], 2),
        "small_effect_found_fixed8_pct": round(fixed["small"], 2),
        "small_effect_bias_points": round(mean(100 * (run.adaptive.measured - run.effect) for run in small), 2),
        "small_effect_bias_adopted_points": round(
            mean(100 * (run.adaptive.measured - run.effect) for run in adopted), 2
        ),
    } | {f"wrong_adoption_{name}_pct": round(100 * count / len(runs[name]), 2) for name, count in wrong.items()}


def table(runs: dict[str, list[Run]]) -> str:
    """The table of docs/replicates.md."""
    lines = [
        "| second cell | sweeps | found | found, fixed N = 8 | wrong adoption | upper bound | trials of fixed N = 8 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, of in runs.items():
        wrong = sum(run.adaptive.wrong for run in of)
        is_better = SCENARIOS[name].more > 0
        found = [f"{pct(decided.found for decided in side):.1f} %" if is_better else "–" for side in _sides(of)]
        lines.append(
            f"| {name} | {len(of)} | {found[0]} | {found[1]} | {100 * wrong / len(of):.1f} % "
            f"| {100 * upper_bound(wrong, len(of)):.1f} % | {100 * trials_over_fixed(of):.0f} % |"
        )
    return "\n".join(lines) + "\n"


def _sides(runs: Sequence[Run]) -> tuple[list[Decided], list[Decided]]:
    return [run.adaptive for run in runs], [run.fixed for run in runs]


def upper_bound(count: int, of: int) -> float:
    """Clopper and Pearson's, one-sided at 95 %."""
    return float(binomtest(count, of, alternative="less").proportion_ci(0.95, "exact").high)


def trials_over_fixed(runs: Sequence[Run]) -> float:
    return mean(run.adaptive.trials / run.fixed.trials for run in runs)


def mean(values: Iterable[float]) -> float:
    return float(numpy.mean(list(values)))


def pct(flags: Iterable[bool]) -> float:
    return 100 * mean(float(flag) for flag in flags)


def _run(name: str, number: int) -> Run:
    scenario = SCENARIOS[name]
    random = numpy.random.default_rng([SEED, list(SCENARIOS).index(name), number])
    cells = int(random.integers(FEWEST_CELLS, MOST_CELLS + 1))
    chances = pass_chances(scenario, cells, random)
    passed = random.random(chances.shape) < chances
    counted = random.random(chances.shape) >= VOIDS
    better = scenario.more > 0
    # What the rule estimates: the mean over the canaries, without drift.
    effect = float((chances[DIFFERENT] - chances[0]).mean()) if better else 0.0
    trials = [
        [
            [
                (NAMES[canary], replicate + 1, bool(passed[cell, canary, replicate]))
                if counted[cell, canary, replicate]
                else (NAMES[canary], replicate + 1, None)
                for canary in range(CANARIES)
            ]
            for replicate in range(MOST)
        ]
        for cell in range(cells)
    ]
    return Run(effect, _decide(ADAPTIVE, trials, better), _decide(FIXED, trials, better))


def pass_chances(scenario: Scenario, cells: int, random: Any) -> Any:
    """By cell, canary and replicate."""
    chances = numpy.broadcast_to(random.beta(*DIFFICULTY, (1, CANARIES, 1)), (cells, CANARIES, MOST)).copy()
    chances[DIFFERENT] += scenario.more
    place = numpy.arange(cells)[:, None] / cells
    forward = numpy.arange(MOST)[None, :] % 2 == 0
    when = (numpy.arange(MOST)[None, :] + numpy.where(forward, place, 1 - place)) / MOST
    chances = numpy.clip(chances - DRIFT * (when[:, None, :] - 0.5), 0, 1)
    if scenario.swing:
        room = numpy.minimum(chances[DIFFERENT], 1 - chances[DIFFERENT])
        coins = random.choice([-1, 1], max(scenario.occasions) + 1)[list(scenario.occasions)]
        chances[DIFFERENT] += coins * numpy.minimum(scenario.swing, room)
    return chances


def _decide(rule: Rule, trials: Sequence[Sequence[Sequence[Any]]], better: bool) -> Decided:
    """Round by round: look at what is there, run what the rule asks for, until it asks for nothing."""
    replicates = [rule.screen] * len(trials)
    while True:
        tallies = [
            Tally.of(str(cell), cell == 0, (trial for results in trials[cell][:reached] for trial in results))
            for cell, reached in enumerate(replicates)
        ]
        looks = look(rule, tallies)
        wanted = [one.replicates for one in looks]
        if wanted == replicates:
            break
        replicates = wanted
    adopted = {int(cell) for cell in shown_better(looks)}
    return Decided(
        found=DIFFERENT in adopted,
        wrong=bool(adopted - ({DIFFERENT} if better else set())),
        trials=CANARIES * sum(replicates),
        measured=looks[DIFFERENT].numbers["difference"],
    )
