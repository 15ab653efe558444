# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the model may call, and what a well-formed call is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent import BadBudgets, Budgets, Toolbox
from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.tools import (
    AUTONOMY,
    UnknownAutonomy,
    allowed,
    fault,
    schemas,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import ToolCall


def call(name: str, arguments: dict[str, Any]) -> ToolCall:
    return ToolCall("1", name, json.dumps(arguments), arguments)


def test_every_autonomy_can_finish() -> None:
    for name in AUTONOMY:
        assert {"push", "submit"} <= set(allowed(name))


def test_an_unknown_autonomy_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownAutonomy, match=r"'boss'.*write, edit"):
        allowed("boss")


def test_schemas_are_what_the_autonomy_allows_in_openai_form() -> None:
    shown = schemas("write")
    assert [schema["function"]["name"] for schema in shown] == ["write_file", "push", "submit"]
    assert shown[0]["function"]["parameters"] == {
        "type": "object",
        "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
        "required": ["path", "content"],
    }


@pytest.mark.parametrize(
    ("name", "arguments", "what"),
    [
        ("write_file", {"path": "a"}, "content is missing"),
        ("write_file", {"path": "a", "content": None}, "content is missing"),
        ("write_file", {"path": "a", "content": 5}, "content must be of type string"),
        ("read_file", {"path": "a", "start_line": "1"}, "start_line must be of type integer"),
        ("read_file", {"path": "a", "start_line": True}, "start_line must be of type integer"),
        ("submit", {"force": True}, "no argument named force"),
        ("delete_all", {}, "no tool named delete_all"),
    ],
)
def test_a_call_that_does_not_fit_its_schema_is_malformed(name: str, arguments: dict[str, Any], what: str) -> None:
    assert what in str(fault(call(name, arguments)))


def test_optional_arguments_may_be_left_out_or_null() -> None:
    assert fault(call("read_file", {"path": "a", "end_line": None})) is None
    assert fault(call("list_files", {})) is None


class Sandbox:
    def __init__(self, *replies: dict[str, Any]) -> None:
        self.replies, self.called = list(replies), []  # type: ignore[var-annotated]

    def call(self, op: str, arguments: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        self.called.append((op, arguments))
        return self.replies.pop(0)


RED = {"ok": True, "exit_code": 1, "output": "FAILED", "timed_out": False}
GREEN = {"ok": True, "exit_code": 0, "output": "OK", "timed_out": False}


def test_an_edit_makes_the_last_test_run_stale_a_refused_one_does_not() -> None:
    edit = call("edit_file", {"path": "a", "old": "x", "new": "y"})
    box = Toolbox(Sandbox(GREEN, {"ok": False, "error": "old occurs 0 times"}, {"ok": True, "bytes": 1}, RED), ["t"], 5)
    assert box.visible_tests == "not_run"
    assert box.run(call("run_tests", {}), 60) == "exit code 0\nOK"
    assert box.visible_tests == "green"
    assert box.run(edit, 60) == "error: old occurs 0 times"
    assert box.visible_tests == "green"
    box.run(edit, 60)
    assert box.visible_tests == "not_run"
    box.run(call("run_tests", {}), 60)
    assert box.visible_tests == "red"


def test_tests_get_the_command_limit_or_what_is_left_of_the_trial() -> None:
    sandbox = Sandbox(GREEN, {"ok": True, "exit_code": None, "output": "", "timed_out": True})
    box = Toolbox(sandbox, ["t", "-v"], 20)
    box.run(call("run_tests", {}), 60)
    assert box.run(call("run_tests", {}), 3).startswith("timed out")
    assert [arguments["timeout_seconds"] for _unused, arguments in sandbox.called] == [20, 3]
    assert box.visible_tests == "red"


def test_only_a_push_that_went_through_counts_as_pushed() -> None:
    files = [f"f{number}" for number in range(12)]
    box = Toolbox(
        Sandbox({"ok": False, "error": "nothing to push"}, {"ok": True, "commit": "c0ffee", "changed_files": files}),
        ["t"],
        5,
    )
    push = call("push", {"message": "m"})
    assert box.run(push, 60) == "error: nothing to push"
    assert box.pushed_commit is None
    assert box.run(push, 60).endswith("f9 and 2 more")
    assert box.pushed_commit == "c0ffee"


@pytest.mark.parametrize("value", [0, -1, None, "8", True])
def test_a_budget_must_be_a_number_above_zero(value: Any) -> None:
    given = dict.fromkeys(
        ("turns", "generated_tokens", "completion_tokens", "wall_clock_seconds", "command_seconds"), 5
    )
    assert Budgets.from_mapping(given).turns == 5
    with pytest.raises(BadBudgets, match="turns"):
        Budgets.from_mapping({**given, "turns": value})
