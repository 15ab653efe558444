# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which trials count, and what is said of those that do not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.counting import REASONS, left_out, reasons

CELLS = [{"id": "a", "host_class": "h", "state": "open"}, {"id": "b", "host_class": "h", "state": "factor_not_applied"}]
BLOCKS = [{"host_class": "h", "number": 0, "state": "complete"}, {"host_class": "h", "number": 1, "state": "drifted"}]
PASSED = {"outcome": "passed", "ceiling": None}


def trial(number: int, *record: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    """Passed, where no record is given."""
    recorded = record[0] if record else PASSED
    plain = {"id": f"t{number}", "cell": "a", "canary": "hello", "replicate": number, "block": 0, "purpose": "measure"}
    return plain | {"state": "done" if recorded else "planned", "record": recorded} | more


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (trial(1), None),
        (trial(1, {"outcome": "failed", "ceiling": "turns"}), None),
        (trial(1, {"outcome": "handed_over", "ceiling": None}), None),
        (trial(0, purpose="warm_up"), "warm_up"),
        (trial(2, purpose="anchor", block=1), "anchor"),
        (trial(1, block=1), "drift"),
        (trial(1, None, block=1), "drift"),
        (trial(1, cell="b"), "not_applied"),
        (trial(1, None), "open"),
        (trial(1, {"outcome": "void", "ceiling": None}, state="void"), "void"),
        (trial(1, None, state="void"), "void"),
        (trial(1, {"outcome": "failed", "ceiling": "interface"}), "interface"),
    ],
)
def test_what_does_not_count_says_why(one: dict[str, Any], why: str | None) -> None:
    assert reasons([one], CELLS, BLOCKS) == {one["id"]: why}
    assert left_out(one, drifted=one["block"] == 1, not_applied=one["cell"] == "b") == why
    assert why is None or why in REASONS


def test_the_same_words_again_are_no_further_replicate() -> None:
    same, other = PASSED | {"generations_sha256": "aa"}, PASSED | {"generations_sha256": "bb"}
    trials = [
        trial(3, same),
        trial(1, same),
        trial(2, other),
        trial(4, same, canary="sums"),
        trial(5, PASSED),
        trial(6, PASSED),
        trial(7, other | {"outcome": "void"}, state="void"),
    ]
    found = reasons(trials, CELLS, BLOCKS)
    assert found == {"t1": None, "t2": None, "t3": "repeat", "t4": None, "t5": None, "t6": None, "t7": "void"}


def test_what_is_repeated_is_the_first_that_counts() -> None:
    same = PASSED | {"generations_sha256": "aa"}
    found = reasons([trial(1, same, block=1), trial(2, same), trial(3, same)], CELLS, BLOCKS)
    assert found == {"t1": "drift", "t2": None, "t3": "repeat"}
