# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory bandwidth probe: an answer, nothing left behind, and a refusal where it would take too much."""

from __future__ import annotations

import os

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.bandwidth import BandwidthUnmeasured, measure

MIB = 1024**2


def test_memory_is_moved_and_nothing_is_left_behind() -> None:
    before = sorted(os.listdir("/dev/fd"))
    measured = measure(16 * MIB)
    assert measured.bytes_per_second > 10 * MIB and measured.processes >= 1
    assert measured.note.startswith("measured by copying memory")
    assert measured.is_lower_bound == ("may read faster" in measured.note)
    assert sorted(os.listdir("/dev/fd")) == before


def test_a_host_without_room_for_it_is_not_filled() -> None:
    with pytest.raises(BandwidthUnmeasured, match="are available") as refused:
        measure(1 << 60)
    assert "lab_memory_bandwidth_bytes_per_second" in refused.value.remedy
