# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bars that a turn is held to, by the benchmark's own ruler. CPU and memory: they hold on a busy machine too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.tests.benchmarks.turn_overhead.contestants import floor, ours
from ansible_collections.local_llm.lab.tests.benchmarks.turn_overhead.course import Run, ruler

ROOT = Path(__file__).parents[3]
MOST_CPU_MS_BEYOND_THE_FLOOR = 5
MOST_RSS_BYTES = 60e6
MOST_GROWTH = 2


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A floor of 20 turns, trials of 20 and of 200."""
    measured = {}
    with ruler() as server:
        for agent, turns in ((floor, 20), (ours, 20), (ours, 200)):
            url, folder = server.next_run(), tmp_path_factory.mktemp(agent.__name__)
            measured[f"{agent.__name__} {turns}"] = server.measure(url, agent(url, folder, turns), turns)
    return measured


def test_a_turn_takes_little_cpu_beyond_the_least_there_is(runs: dict[str, Run]) -> None:
    extra = runs["ours 20"].cpu_ms_per_turn - runs["floor 20"].cpu_ms_per_turn
    assert 0 < extra < MOST_CPU_MS_BEYOND_THE_FLOOR


def test_a_long_trial_costs_per_turn_what_a_short_one_does(runs: dict[str, Run]) -> None:
    assert runs["ours 200"].cpu_ms_per_turn < MOST_GROWTH * runs["ours 20"].cpu_ms_per_turn


def test_the_agent_s_process_stays_small(runs: dict[str, Run]) -> None:
    assert 0 < runs["ours 200"].peak_rss_bytes < MOST_RSS_BYTES


def test_a_run_that_does_not_do_its_work_is_no_measurement(tmp_path: Path) -> None:
    with ruler() as server:
        url = server.next_run()
        contestant = floor(url, tmp_path, 3)
        (tmp_path / "notes.txt").write_text("too little\n" * 40)
        with pytest.raises(RuntimeError, match="output is not in the history"):
            server.measure(url, contestant, 3)


def test_make_bench_knows_the_benchmark_that_the_page_names() -> None:
    assert "\nmake bench ONLY=turn_overhead\n" in (ROOT / "docs" / "turn-overhead.md").read_text()
    command = [sys.executable, "-m", "tests.benchmarks"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"ONLY": "?"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "turn_overhead" in done.stderr
