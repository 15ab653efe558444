# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls do in the sandbox, and the facts a verdict is made of."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent import Toolbox
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import ToolCall

RED = {"ok": True, "exit_code": 1, "output": "FAIL: test_a (x.X)", "timed_out": False}
GREEN = {"ok": True, "exit_code": 0, "output": "OK", "timed_out": False}
WRITTEN = {"ok": True, "bytes": 1, "changed": True}


def call(name: str, **arguments: Any) -> ToolCall:
    return ToolCall("1", name, json.dumps(arguments), arguments)


class Sandbox:
    """Answers in the order of its replies; the tree is a number that `tree` holds."""

    def __init__(self, *replies: dict[str, Any]) -> None:
        self.replies = list(replies)
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.tree = 0

    def call(self, op: str, arguments: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        if op == "digest":
            return {"ok": True, "digest": str(self.tree)}
        self.called.append((op, arguments))
        reply = self.replies.pop(0)
        self.tree += bool(reply.get("changed"))
        return reply


def toolbox(*replies: dict[str, Any], command: tuple[str, ...] = ("t",)) -> tuple[Toolbox, Sandbox]:
    sandbox = Sandbox(*replies)
    return Toolbox(sandbox, command, 5), sandbox


def test_an_edit_makes_the_last_test_run_stale_a_refused_or_idle_one_does_not() -> None:
    edit = call("edit_file", path="a", old="x", new="y")
    box, _unused = toolbox(
        GREEN, {"ok": False, "error": "old occurs 0 times"}, WRITTEN | {"changed": False}, WRITTEN, RED
    )
    assert box.visible_tests == "not_run"
    assert box.run(call("run_tests"), 60) == "exit code 0\nOK"
    for result in ("error: old occurs 0 times", "ok"):
        assert box.run(edit, 60) == result
        assert box.visible_tests == "green"
    box.run(edit, 60)
    assert box.visible_tests == "not_run"
    box.run(call("run_tests"), 60)
    assert box.visible_tests == "red"


def test_a_command_that_changes_the_tree_makes_tests_stale_and_one_that_is_the_tests_counts_as_them() -> None:
    box, sandbox = toolbox(GREEN, GREEN, GREEN | {"changed": True}, RED, command=("python3", "-m", "unittest"))
    box.run(call("run_tests"), 60)
    box.run(call("run_command", command="ls"), 60)
    assert box.visible_tests == "green"
    box.run(call("run_command", command="sed -i s/a/b/ f"), 60)
    assert box.visible_tests == "not_run"
    box.run(call("run_command", command="python3 -m unittest -v"), 60)
    assert box.visible_tests == "red"
    assert sandbox.called[1][1]["command"] == ["sh", "-c", "ls"]


def test_tests_get_the_command_limit_or_what_is_left_of_the_trial() -> None:
    box, sandbox = toolbox(GREEN, {"ok": True, "exit_code": None, "output": "", "timed_out": True})
    box.run(call("run_tests"), 60)
    assert box.run(call("run_tests"), 3).startswith("timed out")
    assert [arguments["timeout_seconds"] for _unused, arguments in sandbox.called] == [5, 3]
    assert box.visible_tests == "red"


def test_only_a_push_that_went_through_counts_as_pushed() -> None:
    files = [f"f{number}" for number in range(12)]
    box, _unused = toolbox(
        {"ok": False, "error": "nothing to push"},
        {"ok": True, "commit": "c0ffee", "changed_files": files, "bundle": "cGFjaw=="},
    )
    push = call("push", message="m")
    assert box.run(push, 60) == "error: nothing to push"
    assert (box.pushed_commit, box.bundle) == (None, None)
    assert box.run(push, 60).endswith("f9 and 2 more")
    assert (box.pushed_commit, box.bundle) == ("c0ffee", b"pack")


def test_what_the_sandbox_has_to_say_about_a_call_is_noted() -> None:
    box, _unused = toolbox(GREEN | {"left_running": 2, "limits": ["processes"]}, GREEN)
    said = box.run(call("run_tests"), 60)
    assert "limit reached: processes, processes left running and killed: 2" in said
    assert box.notes == {"left_running": 2, "limits": ["processes"]}
    box.run(call("run_tests"), 60)
    assert box.notes == {}
