# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Mac says of its memory, as captured on several of them; its tools are stood in for on PATH."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils import memory
from ansible_collections.local_llm.lab.plugins.module_utils.memory import MemoryUnreadable, darwin

CAPTURED = Path(__file__).with_name("captured")
MIB = 1024**2
GIB = 1024**3
PAGES = st.integers(0, 1 << 40)


def captured(name: str) -> str:
    return (CAPTURED / f"{name}.txt").read_text()


@pytest.fixture
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """This machine with a Mac's tools, which say what was captured."""

    def tools(**said: str) -> Path:
        for name, file in said.items():
            tool = tmp_path / name
            tool.write_text(f"#!/bin/sh\ncat {CAPTURED / file}.txt\n")
            tool.chmod(0o755)
        return tmp_path

    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tools


def test_a_mac_is_read_with_its_own_tools(mac: Callable[..., Path]) -> None:
    mac(vm_stat="vm_stat_48gib", sysctl="sysctl_48gib", memory_pressure="memory_pressure")
    now = memory.reading()
    assert now.total_bytes == memory.total() == 48 * GIB
    assert now.available_bytes == memory.available() == (64712 + 468696 + 22116) * 16384
    assert now.free_bytes == 64712 * 16384
    assert memory.swap() == (5120 * MIB, round(860.75 * MIB))
    assert now.unpressed_percent == 40
    assert now.huge_block_free_bytes is None and now.psi_some_avg10 is None


def test_what_is_wired_and_what_no_page_accounts_for_is_the_systems(mac: Callable[..., Path]) -> None:
    mac(vm_stat="vm_stat_48gib", sysctl="sysctl_48gib")
    given_away = (64712 + 468696 + 1524663 + 678569) * 16384
    assert memory.reading().os_bytes == 48 * GIB - given_away > 353323 * 16384


def test_a_mac_without_memory_pressure_is_read_all_the_same(mac: Callable[..., Path]) -> None:
    bin_dir = mac(vm_stat="vm_stat_intel", sysctl="sysctl_intel")
    (bin_dir / "memory_pressure").write_text("#!/bin/sh\nexit 1\n")
    (bin_dir / "memory_pressure").chmod(0o755)
    now = memory.reading()
    assert now.available_bytes == (83542 + 103234 + 31460) * 4096
    assert now.unpressed_percent is None


def test_a_tool_that_is_missing_is_named(mac: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MemoryUnreadable, match=r"vm_stat does not answer.*Remedy"):
        memory.available()


@pytest.mark.parametrize("name", ["vm_stat_m5", "vm_stat_48gib", "vm_stat_intel"])
def test_the_pages_that_count_are_counted_once(name: str) -> None:
    """File-backed and anonymous pages are the active, inactive and speculative ones: nothing is added twice."""
    pages = darwin.parse_vm_stat(captured(name))
    queues = sum(pages[f"Pages {kind}"] for kind in ("active", "inactive", "speculative", "throttled"))
    assert pages["File-backed pages"] + pages["Anonymous pages"] == queues


@given(st.fixed_dictionaries(dict.fromkeys(darwin.NEEDED, PAGES)), st.sampled_from([4096, 16384]))
def test_page_counts_are_read_as_written(counts: dict[str, int], page_bytes: int) -> None:
    lines = [f"{name}:{count:>40}." for name, count in counts.items()]
    text = f"Mach Virtual Memory Statistics: (page size of {page_bytes} bytes)\n" + "\n".join(lines)
    assert darwin.parse_vm_stat(text) == {name: count * page_bytes for name, count in counts.items()}
    with pytest.raises(MemoryUnreadable, match="page size"):
        darwin.parse_vm_stat("\n".join(lines))


@given(st.integers(0, 1 << 22), st.integers(0, 1 << 22), st.sampled_from(".,"), st.sampled_from(["", "  (encrypted)"]))
def test_swap_is_read_whatever_the_decimal_point(used: int, free: int, point: str, tail: str) -> None:
    amounts = [f"{number / 4:.2f}".replace(".", point) for number in (used + free, used, free)]
    usage = "total = {}M  used = {}M  free = {}M".format(*amounts)
    told = darwin.parse_sysctl(f"hw.memsize: 17179869184\nvm.swapusage: {usage}{tail}\n")
    assert told == (16 * GIB, (used + free) * MIB // 4, free * MIB // 4)


@given(st.integers(0, 100))
def test_the_kernels_own_percentage(percent: int) -> None:
    text = captured("memory_pressure").replace("40%", f"{percent}%")
    assert darwin.parse_memory_pressure(text) == percent


@given(st.text())
def test_garbage_is_said_to_be_garbage(text: str) -> None:
    for parse in (darwin.parse_vm_stat, darwin.parse_sysctl, darwin.parse_memory_pressure):
        with pytest.raises(MemoryUnreadable):
            parse(text)
    with pytest.raises(MemoryUnreadable):
        darwin.parse_memory_pressure("System-wide memory free percentage: 101%\n" + text)
