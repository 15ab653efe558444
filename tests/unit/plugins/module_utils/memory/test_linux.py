# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Linux says of its memory, as captured on several kernels."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.memory import MemoryUnreadable, linux

CAPTURED = Path(__file__).with_name("captured")
KIB = 1024
MIB = 1024**2
COUNTS = st.lists(st.integers(0, 1 << 30), min_size=1, max_size=16)


def captured(name: str) -> str:
    return (CAPTURED / f"{name}.txt").read_text()


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pressure").mkdir()
    for name, file in (("meminfo", "meminfo"), ("pressure", "pressure/memory"), ("buddyinfo", "buddyinfo")):
        (tmp_path / file).write_text(captured(f"{name}_6_18"))
    monkeypatch.setattr(linux, "PROC", tmp_path)
    return tmp_path


def test_everything_at_once(proc: Path) -> None:
    now = linux.read()
    assert (now.total_bytes, now.available_bytes, now.free_bytes) == (
        24684084 * KIB, 17137160 * KIB, 14672196 * KIB,
    )  # fmt: skip
    assert now.os_bytes == (65596 + 3068 + 21740 + 928) * KIB
    assert (now.swap_total_bytes, now.swap_free_bytes) == (0, 0)
    assert (now.psi_some_avg10, now.psi_full_avg10) == (12.74, 4.96)
    assert now.unpressed_percent is None


def test_a_kernel_without_pressure_or_with_blocks_for_root_only_is_read_all_the_same(proc: Path) -> None:
    (proc / "pressure" / "memory").unlink()
    (proc / "buddyinfo").unlink()
    now = linux.read()
    assert now.available_bytes == 17137160 * KIB
    assert (now.psi_some_avg10, now.psi_full_avg10, now.huge_block_free_bytes) == (None, None, None)


def test_no_proc_is_said(proc: Path) -> None:
    (proc / "meminfo").unlink()
    with pytest.raises(MemoryUnreadable, match=r"meminfo cannot be read.*Remedy"):
        linux.read()


def test_an_older_kernel_tells_enough() -> None:
    memory = linux.parse_meminfo(captured("meminfo_5_4"))
    assert (memory["MemAvailable"], memory["SwapFree"]) == (4711328 * KIB, 4194300 * KIB)


def test_a_kernel_that_does_not_tell_what_is_available_is_not_guessed_at() -> None:
    with pytest.raises(MemoryUnreadable, match="no MemAvailable"):
        linux.parse_meminfo(captured("meminfo_2_6"))


def test_pages_set_aside_for_others_are_the_systems() -> None:
    text = captured("meminfo_6_18").replace("HugePages_Total:       0", "HugePages_Total:     512")
    assert linux.parse_meminfo(text)["HugePool"] == 512 * 2 * MIB


def test_free_huge_blocks_as_captured() -> None:
    blocks_4_mib, blocks_2_mib = 3 + 752 + 0, 1 + 2 + 1
    assert linux.parse_buddyinfo(captured("buddyinfo_6_18"), 4096) == (4 * blocks_4_mib + 2 * blocks_2_mib) * MIB


@given(st.lists(COUNTS, min_size=1, max_size=5), st.sampled_from([4096, 16384, 65536]))
def test_only_blocks_of_two_mebibytes_and_more_count(zones: list[list[int]], page_bytes: int) -> None:
    lines = [f"Node {node}, zone   Normal " + "".join(f"{n:>6} " for n in zone) for node, zone in enumerate(zones)]
    told = linux.parse_buddyinfo("\n".join(lines) + "\n", page_bytes)
    blocks = [(page_bytes * 2**order, count) for zone in zones for order, count in enumerate(zone)]
    assert told == sum(size * count for size, count in blocks if size >= 2 * MIB)


@given(st.floats(0, 100), st.floats(0, 100))
def test_pressure_is_read_as_written(some: float, full: float) -> None:
    text = "".join(
        f"{name} avg10={share:.2f} avg60=0.00 avg300=0.00 total=0\n" for name, share in (("some", some), ("full", full))
    )
    assert linux.parse_pressure(text) == (float(f"{some:.2f}"), float(f"{full:.2f}"))


@given(st.text())
def test_garbage_is_said_to_be_garbage(text: str) -> None:
    for parse in (linux.parse_meminfo, linux.parse_pressure, lambda it: linux.parse_buddyinfo(it, 4096)):
        with pytest.raises(MemoryUnreadable):
            parse(text)
    with pytest.raises(MemoryUnreadable):
        linux.parse_buddyinfo(captured("buddyinfo_6_18") + text + "\nx", 4096)
