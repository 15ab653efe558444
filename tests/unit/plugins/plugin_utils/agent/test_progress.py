# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Going round in circles against getting somewhere slowly."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.progress import (
    IN_A_ROW,
    WITHOUT_PROGRESS,
    Progress,
    failing_state,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import ToolCall


def call(name: str, **arguments: Any) -> ToolCall:
    return ToolCall("1", name, json.dumps(arguments), arguments)


READ, TESTS = call("read_file", path="a"), call("run_tests")


def test_the_same_call_with_the_same_result_in_a_row_is_a_loop() -> None:
    progress = Progress()
    assert [progress.loops(READ, "text") for _unused in range(IN_A_ROW)] == [False] * (IN_A_ROW - 1) + [True]


def test_a_circle_of_two_calls_is_a_loop_too() -> None:
    progress = Progress()
    said = [progress.loops(one, "x") for _unused in range(WITHOUT_PROGRESS) for one in (READ, TESTS)]
    assert said.index(True) == 2 * (WITHOUT_PROGRESS - 1)


def test_progress_in_between_makes_a_call_a_new_one() -> None:
    progress = Progress()
    for number in range(5 * WITHOUT_PROGRESS):
        progress.reached(f"tree {number}", number)
        assert not progress.loops(READ, "text")
        assert not progress.loops(TESTS, "red")
    assert progress.last_turn == 5 * WITHOUT_PROGRESS - 1


def test_back_and_forth_between_two_states_is_no_progress() -> None:
    progress = Progress()
    edits = [call("write_file", path="a", content=text) for text in ("x", "y")]
    for number in range(2 * WITHOUT_PROGRESS):
        progress.reached(f"tree {number % 2}", number)
        if progress.loops(edits[number % 2], "ok"):
            break
    assert progress.last_turn == 1
    assert number < 2 * WITHOUT_PROGRESS


def test_run_times_and_addresses_make_no_other_result() -> None:
    progress = Progress()
    outputs = [f"Ran 3 tests in 0.00{number}s <T at 0x7f00deadbee{number}>" for number in range(IN_A_ROW)]
    assert progress.loops(TESTS, outputs[0]) is False
    assert [progress.loops(TESTS, output) for output in outputs[1:]][-1]


def test_the_failing_tests_are_the_state_not_their_tracebacks() -> None:
    first = "FAIL: test_a (x.X.test_a)\n  File 1\nRan 2 tests in 0.1s"
    same = "FAIL: test_a (x.X.test_a)\n  File 22\nRan 2 tests in 0.3s"
    assert failing_state(1, first) == failing_state(1, same)
    assert failing_state(1, first) != failing_state(1, first.replace("test_a", "test_b"))
    assert failing_state(1, "FAILED t.py::test_x - assert 1 == 2") == failing_state(1, "FAILED t.py::test_x - assert 3")
    assert failing_state(1, "no such module") != failing_state(1, "syntax error")
