# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Energy from what a host has; nvidia-smi is stood in for on PATH."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.power import Energy, Meter, nvidia, rapl

Say = Callable[[str], None]


@pytest.fixture(autouse=True)
def powercap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host without counters, and without a GPU."""
    folder = tmp_path / "powercap"
    folder.mkdir()
    monkeypatch.setattr(rapl, "POWERCAP", folder)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr(nvidia, "EVERY_SECONDS", 0.0)
    return folder


@pytest.fixture
def nvidia_smi(tmp_path: Path) -> Say:
    """Lets nvidia-smi run these shell lines."""
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()

    def says(script: str) -> None:
        fresh = program.with_suffix(".new")
        fresh.write_text(f"#!/bin/sh\n{script}\n")
        fresh.chmod(0o755)
        fresh.replace(program)

    says("exit 1")
    return says


def looked(meter: Meter, at: float, ready: Callable[[Energy], bool]) -> Energy:
    """The energy of one second more, once an answer has come; nothing is added while the clock stands still."""
    energy, end = Energy(), time.monotonic() + 60
    while not ready(energy):
        assert time.monotonic() < end, energy
        energy = Energy()
        meter.look(at, energy)
        time.sleep(0.01)
    energy = Energy()
    meter.look(at + 1, energy)
    return energy


def test_a_host_that_tells_nothing_is_unknown_not_free() -> None:
    energy = Energy()
    meter = Meter(0.0, None)
    meter.look(100.0, energy)
    assert energy == Energy(None, ())


def test_what_was_measured_at_the_wall_beats_what_is_counted_inside(powercap: Path, nvidia_smi: Say) -> None:
    nvidia_smi("echo 40")
    energy, meter = Energy(), Meter(10.0, 150.0)
    meter.look(12.0, energy)
    meter.look(12.5, energy)
    assert energy == Energy(375.0, ("inventory",))


def test_the_gpus_draw_is_summed_over_the_time(nvidia_smi: Say) -> None:
    nvidia_smi("echo 30.5; echo 11.5")
    meter = Meter(0.0, None)
    assert looked(meter, 5.0, lambda energy: energy.joules is not None) == Energy(42.0, ("nvidia_smi",))


def test_processor_and_gpu_are_one_host(powercap: Path, nvidia_smi: Say) -> None:
    package = powercap / "intel-rapl:0"
    package.mkdir()
    for name, text in (("name", "package-0"), ("max_energy_range_uj", "1000000000"), ("energy_uj", "0")):
        (package / name).write_text(text)
    nvidia_smi("echo 20")
    meter = Meter(0.0, None)
    looked(meter, 1.0, lambda energy: "nvidia_smi" in energy.sources)
    (package / "energy_uj").write_text("8000000")
    energy = Energy()
    meter.look(3.0, energy)
    assert energy == Energy(pytest.approx(28.0), ("rapl", "nvidia_smi"))


def test_one_that_hangs_is_not_waited_for(nvidia_smi: Say, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    nvidia_smi(f"[ -e {pid} ] && exit 1; echo $$ > {pid}; exec sleep 600")
    energy, meter, end = Energy(), Meter(0.0, None), time.monotonic() + 60
    while not (pid.exists() and pid.read_text().endswith("\n")):
        assert time.monotonic() < end
        meter.look(0.0, energy)
        time.sleep(0.01)
    while is_there(int(pid.read_text())):
        assert time.monotonic() < end
        meter.look(nvidia.HANGS_SECONDS, energy)
        time.sleep(0.01)
    assert energy == Energy(None, ())


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_driver_that_does_not_tell_is_soon_not_asked_any_more(nvidia_smi: Say, tmp_path: Path) -> None:
    nvidia_smi(f"echo asked >> {tmp_path}/asked; echo '[N/A]'")
    gpus = nvidia.Gpus(0.0)
    end = time.monotonic() + 60
    while not gpus.given_up:
        assert time.monotonic() < end
        gpus.consider(1.0)
        time.sleep(0.01)
    for _unused in range(20):
        gpus.consider(2.0)
    assert (tmp_path / "asked").read_text().count("asked") == nvidia.FAILURES
    assert gpus.watts is None


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=8))
def test_a_table_of_draws_is_their_sum(watts: list[float]) -> None:
    assert nvidia.parse("".join(f" {one} \n" for one in watts)) == pytest.approx(sum(watts))


@pytest.mark.parametrize("text", ["", "[N/A]\n", "12.5\n[N/A]\n", "nan\n", "-1\n", "inf\n", "No devices were found\n"])
def test_what_is_no_draw_is_unknown(text: str) -> None:
    assert nvidia.parse(text) is None
