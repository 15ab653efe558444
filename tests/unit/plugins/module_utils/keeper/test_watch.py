# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the keeper acts."""

from __future__ import annotations

from ansible_collections.local_llm.lab.plugins.module_utils.keeper.watch import Watch


def test_quiet_above_the_floor_and_before_the_deadline() -> None:
    watch = Watch(now_seconds=100, deadline_seconds=10, floor_bytes=50)
    assert watch.sample(109.9, 50) is None


def test_below_the_floor_comes_before_the_deadline() -> None:
    watch = Watch(100, 10, 50)
    assert watch.sample(101, 49) == "floor"
    assert watch.sample(200, 49) == "floor"


def test_past_the_deadline() -> None:
    assert Watch(100, 10, 50).sample(110, 60) == "deadline"


def test_a_renewal_moves_the_deadline_and_tells_the_lowest_of_the_term_before() -> None:
    watch = Watch(100, 10, 50)
    for now, available in ((101, 90), (102, 70), (103, 80)):
        watch.sample(now, available)
    assert watch.renew(109, 10, 60) == 70
    assert watch.sample(118, 75) is None
    assert watch.sample(118, 59) == "floor"
    assert watch.lowest_bytes == 59
