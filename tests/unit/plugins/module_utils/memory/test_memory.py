# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Admission, and waiting for memory to come back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils import memory

GIB = 1024**3
BYTES = st.integers(0, 1 << 45)


@given(BYTES, BYTES, BYTES)
def test_admitted_exactly_when_the_reserve_stays_free(predicted: int, available: int, reserve: int) -> None:
    answer = memory.admit(predicted, available, reserve)
    assert answer.admitted == (available - predicted >= reserve)
    assert ("short" in answer.reason) == (not answer.admitted)


def test_a_refusal_says_its_numbers() -> None:
    answer = memory.admit(73 * GIB, 70 * GIB, 8 * GIB)
    assert answer.reason == (
        "predicted 73.00 GiB + reserve 8.00 GiB do not fit in 70.00 GiB available (11.00 GiB short)"
    )


def test_waits_as_long_as_memory_comes_back() -> None:
    readings = iter([1 * GIB, 9 * GIB, 20 * GIB, 20 * GIB, 99 * GIB])
    assert memory.wait_until_settled(10, measure=lambda: next(readings), pause=lambda _unused: None) == 20 * GIB


def test_gives_up_waiting_in_time() -> None:
    readings = iter(range(0, 1000 * GIB, GIB))
    pauses: list[float] = []
    memory.wait_until_settled(1, measure=lambda: next(readings), pause=pauses.append)
    assert sum(pauses) <= 1.01


def test_this_host_has_memory() -> None:
    assert 0 < memory.available() <= memory.total()
