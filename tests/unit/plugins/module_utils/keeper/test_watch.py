# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the keeper acts."""

from __future__ import annotations

from ansible_collections.local_llm.lab.plugins.module_utils.keeper.watch import Watch


def test_quiet_above_the_floor_and_before_the_deadline() -> None:
    watch = Watch(now_seconds=100, deadline_seconds=10, floor_bytes=50)
    assert watch.breached(109.9, 50) is None


def test_below_the_floor_comes_before_the_deadline() -> None:
    watch = Watch(100, 10, 50)
    assert watch.breached(101, 49) == "floor"
    assert watch.breached(200, 49) == "floor"


def test_past_the_deadline() -> None:
    assert Watch(100, 10, 50).breached(110, 60) == "deadline"


def test_a_renewal_moves_the_deadline_and_the_floor() -> None:
    watch = Watch(100, 10, 50)
    watch.renew(109, 10, 60)
    assert watch.breached(118, 75) is None
    assert watch.breached(118, 59) == "floor"


def test_without_a_reading_only_the_deadline_is_known() -> None:
    watch = Watch(100, 10, 50)
    assert watch.breached(109, None) is None
    assert watch.breached(110, None) == "deadline"
