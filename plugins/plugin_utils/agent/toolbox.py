# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out well-formed, allowed calls in the sandbox, and remembers what a verdict will ask for."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Protocol, cast

from ..chat import ToolCall
from .tools import TOOLS

# On top of what an operation may take by itself: for the way there and back on a busy controller.
MARGIN_SECONDS = 20.0
OP_SECONDS = 30.0
SHOWN_FILES = 10


class Calls(Protocol):
    """The one thing needed of a sandbox."""

    def call(self, op: str, arguments: dict[str, Any], timeout_seconds: float) -> dict[str, Any]: ...


class Toolbox:
    """What was pushed, and `visible_tests` (green, red, or not_run since the last edit), are facts, not claims."""

    def __init__(self, sandbox: Calls, test_command: Sequence[str], command_seconds: float) -> None:
        self._sandbox = sandbox
        self._test_command = list(test_command)
        self._command_seconds = command_seconds
        self.pushed_commit: str | None = None
        self.bundle: bytes | None = None
        self.visible_tests = "not_run"

    def run(self, call: ToolCall, seconds_left: float) -> str:
        """The result, as the model is told it. Raises SandboxDied when there is no sandbox any more."""
        op = cast(str, TOOLS[call.name].op)
        arguments = {name: value for name, value in (call.arguments or {}).items() if value is not None}
        timeout_seconds = OP_SECONDS
        if op == "run":
            timeout_seconds = min(self._command_seconds, seconds_left)
            arguments = {"command": self._test_command, "timeout_seconds": timeout_seconds}
        reply = self._sandbox.call(op, arguments, timeout_seconds + MARGIN_SECONDS)
        if not reply.get("ok"):
            return f"error: {reply.get('error')}"
        return str(getattr(self, f"_{op}")(reply))

    def _list(self, reply: dict[str, Any]) -> str:
        return "\n".join(reply["entries"]) or "(no files)"

    def _read(self, reply: dict[str, Any]) -> str:
        return reply["content"] or "(empty)"

    def _write(self, reply: dict[str, Any]) -> str:
        self.visible_tests = "not_run"
        return "ok"

    _edit = _write

    def _run(self, reply: dict[str, Any]) -> str:
        self.visible_tests = "green" if reply["exit_code"] == 0 and not reply["timed_out"] else "red"
        ended = "killed" if reply["exit_code"] is None else f"exit code {reply['exit_code']}"
        if reply["timed_out"]:
            ended = "timed out"
        for limit in reply.get("limits", []):
            ended += f", limit reached: {limit}" if limit != "time" else ""
        if reply.get("left_running"):
            ended += f", processes left running and killed: {reply['left_running']}"
        return f"{ended}\n{reply['output']}"

    def _push(self, reply: dict[str, Any]) -> str:
        self.pushed_commit = str(reply["commit"])
        self.bundle = base64.b64decode(reply.get("bundle", ""))
        files = list(reply["changed_files"])
        more = f" and {len(files) - SHOWN_FILES} more" if len(files) > SHOWN_FILES else ""
        return f"ok, pushed {', '.join(files[:SHOWN_FILES])}{more}"
