# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's tools as the model sees them, which of them an autonomy allows, and what a well-formed call is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...module_utils.errors import LabError
from ..chat import ToolCall

_JSON_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,)}


@dataclass(frozen=True)
class Tool:
    """`parameters` maps a name to its JSON type; those in `optional` may be left out. `op` is the sandbox's word."""

    name: str
    description: str
    parameters: dict[str, str]
    op: str | None = None
    optional: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": {
                    "type": "object",
                    "properties": {name: {"type": kind} for name, kind in self.parameters.items()},
                    "required": [name for name in self.parameters if name not in self.optional],
                },
            },
        }

    def fault(self, arguments: dict[str, Any]) -> str | None:
        """What is wrong with these arguments, in words for the model; None when nothing is."""
        for name, kind in self.parameters.items():
            value = arguments.get(name)
            if value is None:
                if name not in self.optional:
                    return f"its argument {name} is missing"
            elif not isinstance(value, _JSON_TYPES[kind]) or isinstance(value, bool):
                return f"its argument {name} must be of type {kind}"
        unknown = sorted(set(arguments) - set(self.parameters))
        return f"it has no argument named {unknown[0]}" if unknown else None


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("list_files", "List the files.", {"path": "string"}, "list", ("path",)),
        Tool(
            "read_file",
            "Read a file, or some lines of it.",
            {"path": "string", "start_line": "integer", "end_line": "integer"},
            "read",
            ("start_line", "end_line"),
        ),
        Tool(
            "search",
            "Search the files for a regular expression.",
            {"pattern": "string", "path": "string"},
            "search",
            ("path",),
        ),
        Tool("write_file", "Create or replace a file.", {"path": "string", "content": "string"}, "write"),
        Tool(
            "edit_file",
            "Replace a text that occurs exactly once in a file.",
            {"path": "string", "old": "string", "new": "string"},
            "edit",
        ),
        Tool("run_tests", "Run the tests.", {}, "run"),
        Tool("run_command", "Run a shell command in the repository.", {"command": "string"}, "run"),
        Tool("push", "Commit and push all changes.", {"message": "string"}, "push"),
        Tool("submit", "Finish, after push.", {}),
        Tool("defer_to_human", "Stop, and hand the job to a person.", {"reason": "string"}),
        Tool("escalate_to_architect", "Stop, and hand a design question to the architect.", {"reason": "string"}),
    )
}
# What ends a trial with the job in somebody else's hands, and what the outcome calls that.
HAND_OVER = {"defer_to_human": "deferred", "escalate_to_architect": "escalated"}
AUTONOMY: dict[str, tuple[str, ...]] = {
    "write": ("write_file", "push", "submit"),
    "edit": tuple(name for name in TOOLS if name != "run_command"),
    "full": tuple(TOOLS),
}


class UnknownAutonomy(LabError):
    """A canary asks for a set of tools that there is none of."""


def allowed(autonomy: str) -> tuple[str, ...]:
    if autonomy not in AUTONOMY:
        raise UnknownAutonomy(f"There is no autonomy {autonomy!r}.", f"use one of {', '.join(AUTONOMY)}")
    return AUTONOMY[autonomy]


def schemas(autonomy: str) -> list[dict[str, Any]]:
    return [TOOLS[name].schema() for name in allowed(autonomy)]


def fault(call: ToolCall) -> str | None:
    """What is malformed about a call, in words for the model. A tool there is none of is a malformed call."""
    if call.malformed is not None or call.arguments is None:
        return call.malformed
    tool = TOOLS.get(call.name)
    return f"there is no tool named {call.name}" if tool is None else tool.fault(call.arguments)
