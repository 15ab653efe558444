# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out well-formed, allowed calls in the sandbox, and remembers what a verdict will ask for."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Protocol, cast

from ..chat import ToolCall
from .progress import failing_state
from .tools import TOOLS

# On top of what an operation may take by itself: for the way there and back on a busy controller.
MARGIN_SECONDS = 20.0
OP_SECONDS = 30.0
SHOWN_FILES = 10
# What a reply says about the call beside its result, for the transcript.
NOTES = ("left_running", "limits")


class Calls(Protocol):
    """The one thing needed of a sandbox."""

    def call(self, op: str, arguments: dict[str, Any], timeout_seconds: float) -> dict[str, Any]: ...


class Toolbox:
    """What was pushed, and `visible_tests` (green, red, or not_run since the last edit), are facts, not claims.

    `states` and `notes` are of the last call: what the work has come to, and what the sandbox had to say about it.
    """

    def __init__(self, sandbox: Calls, test_command: Sequence[str], command_seconds: float) -> None:
        self._sandbox = sandbox
        self._test_command = list(test_command)
        self._command_seconds = command_seconds
        self._tree: str | None = None
        self.pushed_commit: str | None = None
        self.bundle: bytes | None = None
        self.visible_tests = "not_run"
        self.states: list[str] = []
        self.notes: dict[str, Any] = {}

    def run(self, call: ToolCall, seconds_left: float) -> str:
        """The result, as the model is told it. Raises SandboxDied when there is no sandbox any more."""
        self.states, self.notes = [], {}
        op = cast(str, TOOLS[call.name].op)
        arguments = {name: value for name, value in (call.arguments or {}).items() if value is not None}
        timeout_seconds = OP_SECONDS
        if op == "run":
            timeout_seconds = min(self._command_seconds, seconds_left)
            command = arguments.get("command")
            words = self._test_command if command is None else ["sh", "-c", command]
            arguments = {"command": words, "timeout_seconds": timeout_seconds}
        reply = self._sandbox.call(op, arguments, timeout_seconds + MARGIN_SECONDS)
        self.notes = {name: reply[name] for name in NOTES if reply.get(name)}
        if not reply.get("ok"):
            return f"error: {reply.get('error')}"
        result = str(getattr(self, f"_{op}")(reply))
        if op == "run":
            self._ran(call, reply)
        return result

    def has_pushed(self) -> bool:
        """Whether anything stands on main but the start: a command may have pushed it."""
        if self.pushed_commit is None:
            self.pushed_commit = self._sandbox.call("export", {}, OP_SECONDS + MARGIN_SECONDS).get("commit")
        return self.pushed_commit is not None

    def _list(self, reply: dict[str, Any]) -> str:
        return "\n".join(reply["entries"]) or "(no files)"

    def _read(self, reply: dict[str, Any]) -> str:
        return reply["content"] or "(empty)"

    def _search(self, reply: dict[str, Any]) -> str:
        plain = "(not a regular expression, searched as text)\n" if reply["plain"] else ""
        return plain + ("\n".join(reply["matches"]) or "(no matches)")

    def _write(self, reply: dict[str, Any]) -> str:
        if reply.get("changed", True):
            self._look_at_tree()
        return "ok"

    _edit = _write

    def _run(self, reply: dict[str, Any]) -> str:
        ended = "killed" if reply["exit_code"] is None else f"exit code {reply['exit_code']}"
        if reply["timed_out"]:
            ended = "timed out"
        for limit in reply.get("limits", []):
            ended += f", limit reached: {limit}" if limit != "time" else ""
        if reply.get("left_running"):
            ended += f", processes left running and killed: {reply['left_running']}"
        return f"{ended}\n{reply['output']}"

    def _ran(self, call: ToolCall, reply: dict[str, Any]) -> None:
        """A command may change the tree, and may be the tests by another way."""
        command = (call.arguments or {}).get("command")
        self._look_at_tree()
        if command is None or " ".join(self._test_command) in command:
            self.visible_tests = "green" if reply["exit_code"] == 0 and not reply["timed_out"] else "red"
            self.states.append(failing_state(reply["exit_code"], reply["output"]))

    def _push(self, reply: dict[str, Any]) -> str:
        self.pushed_commit = str(reply["commit"])
        self.bundle = base64.b64decode(reply.get("bundle", ""))
        files = list(reply["changed_files"])
        more = f" and {len(files) - SHOWN_FILES} more" if len(files) > SHOWN_FILES else ""
        return f"ok, pushed {', '.join(files[:SHOWN_FILES])}{more}"

    def _look_at_tree(self) -> None:
        tree = str(self._sandbox.call("digest", {}, OP_SECONDS + MARGIN_SECONDS).get("digest"))
        if tree != self._tree:
            self._tree = tree
            self.visible_tests = "not_run"
            self.states.append(tree)
