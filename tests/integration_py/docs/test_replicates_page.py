# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/replicates.md: its limits are the rule's, its table is of the benchmark's sweeps and meets the bars."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.local_llm.lab.plugins.plugin_utils.stats import spent
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import adaptive, load_sweep
from ansible_collections.local_llm.lab.tests.benchmarks import adaptive as benchmark

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "replicates.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())
COMMANDS = "".join(re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)).splitlines()
SHARE = r"([\d.–]+)(?: %)?"
ROW = rf"^\| (\w+) \| (\d+) \| {SHARE} \| {SHARE} \| {SHARE} \| {SHARE} \| {SHARE} \|$"
MEASURED = {name: row for name, *row in re.findall(ROW, PAGE, re.MULTILINE)}


def test_its_commands_are_a_benchmark_and_the_tests_of_the_rule() -> None:
    bench, tests = COMMANDS
    assert bench == "make bench ONLY=adaptive"
    assert (ROOT / tests.split()[-1]).is_file()


def test_the_boundaries_are_the_rule_s() -> None:
    rule = adaptive.Rule(0.05, 3, 8)
    shown = re.findall(r"^\| (\d) \| (\d) \| ([\d.]+) \|$", PAGE, re.MULTILINE)
    assert [(int(number), int(replicates)) for number, replicates, _boundary in shown] == list(enumerate(rule.looks, 1))
    before = 0.0
    for _number, replicates, boundary in shown:
        by_now = spent(0.05 / 8, int(replicates) / rule.most)
        assert f"{by_now - before:.6f}" == boundary
        before = by_now


def test_the_limits_it_names_are_the_rule_s() -> None:
    assert f"below {100 * adaptive.LEAST_CHANCE:.0f} %" in TEXT
    assert f"below {100 * adaptive.UNSTEADY:.0f} %" in TEXT
    assert round(3 * adaptive.LEAST_CANARIES, 9) == 2
    assert "two thirds of the canaries" in TEXT


def test_the_sweep_file_it_shows_is_one(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    rest = "name: page\nmodels: [m]\ncanaries: [c]\nbaseline: {load: {context_tokens: 4096}, chat: {temperature: 0}}\n"
    (tmp_path / "sweep.yml").write_text(rest + example)
    sweep = load_sweep(tmp_path / "sweep.yml")
    assert (sweep.replicates, sweep.most_replicates, sweep.wrong_adoption) == (3, 8, 0.05)


def test_the_measured_table_is_of_all_the_benchmark_s_sweeps_and_meets_the_bars() -> None:
    assert {name: int(row[0]) for name, row in MEASURED.items()} == dict.fromkeys(benchmark.SCENARIOS, benchmark.SWEEPS)
    assert max(float(row[4]) for row in MEASURED.values()) <= 6
    found, fixed = (float(MEASURED["clear"][column]) for column in (1, 2))
    assert found >= 95 and found >= fixed - 3
    assert (float(MEASURED["clear"][5]) + float(MEASURED["none"][5])) / 2 <= 55
