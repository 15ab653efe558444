# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processor's counters, from a tree as a kernel shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.power.rapl import Counters

RANGE = 262_143_328_850
MICRO = 1_000_000


def zone(folder: Path, directory: str, name: str, microjoules: int) -> Path:
    path = folder / directory
    path.mkdir(parents=True)
    (path / "name").write_text(f"{name}\n")
    (path / "max_energy_range_uj").write_text(f"{RANGE}\n")
    (path / "energy_uj").write_text(f"{microjoules}\n")
    return path


def counts(path: Path, microjoules: int) -> None:
    (path / "energy_uj").write_text(f"{microjoules}\n")


def test_packages_and_their_memory_are_summed_and_nothing_is_counted_twice(tmp_path: Path) -> None:
    zones = [
        zone(tmp_path, "intel-rapl:0", "package-0", 5 * MICRO),
        zone(tmp_path, "intel-rapl:1", "package-1", 7 * MICRO),
        zone(tmp_path, "intel-rapl:0:2", "dram", 1 * MICRO),
        zone(tmp_path, "intel-rapl:0:0", "core", 2 * MICRO),  # in the package's count
        zone(tmp_path, "intel-rapl-mmio:0", "package-0", 5 * MICRO),  # the same package by another way
        zone(tmp_path, "intel-rapl:2", "psys", 9 * MICRO),
    ]
    (tmp_path / "intel-rapl").mkdir()
    counters = Counters(tmp_path)
    for path in zones:
        counts(path, 30 * MICRO)
    assert counters.joules() == pytest.approx(25 + 23 + 29)
    assert counters.joules() == 0


def test_a_counter_that_went_round_is_told_from_its_range(tmp_path: Path) -> None:
    package = zone(tmp_path, "intel-rapl:0", "package-0", RANGE - 2 * MICRO)
    counters = Counters(tmp_path)
    counts(package, 3 * MICRO)
    assert counters.joules() == pytest.approx(5)


@given(st.integers(0, RANGE - 1), st.lists(st.integers(0, RANGE - 1), max_size=8))
def test_whatever_a_counter_starts_at_the_steps_add_up(
    tmp_path_factory: pytest.TempPathFactory, start: int, steps: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("powercap")
    package, total = zone(folder, "intel-rapl:0", "package-0", start), 0.0
    counters, at = Counters(folder), start
    for step in steps:
        # A counter wraps to 0 after its range's end.
        at = (at + step) % RANGE if at + step >= RANGE else at + step
        counts(package, at)
        total += counters.joules() or 0.0
    assert total == pytest.approx(sum(steps) / MICRO, abs=1e-3)


def test_a_host_without_counters_tells_nothing(tmp_path: Path) -> None:
    assert Counters(tmp_path / "none").joules() is None


def test_counters_that_cannot_be_read_tell_nothing_until_they_were_read_twice(tmp_path: Path) -> None:
    package = zone(tmp_path, "intel-rapl:0", "package-0", 0)
    (package / "energy_uj").unlink()
    counters = Counters(tmp_path)
    assert counters.joules() is None
    counts(package, 500 * MICRO)
    assert counters.joules() is None, "what it counted before nobody saw it is not ours"
    counts(package, 504 * MICRO)
    assert counters.joules() == pytest.approx(4)
