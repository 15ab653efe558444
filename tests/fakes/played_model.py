# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the chat client: it says what it is told to; imitates nothing but the shape of `chat.Client`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent import (
    Agent,
    Budgets,
    Ending,
    Job,
    Toolbox,
    Transcript,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import Completion, ToolCall, Usage

BUDGETS = Budgets(8, 900, 160, 60, 5, probe_factor=1)
JOB = Job("Do it.", "edit", BUDGETS, window_tokens=8192)


def reply(text: str = "", *calls: ToolCall, finish: str = "stop", generated: int = 10) -> Completion:
    usage = Usage(0, 0, generated, 0, "engine")
    return Completion(text, "", calls, finish, usage, 0.1, None, None, 0.2)


def tool(name: str, text: str | None = None, **arguments: Any) -> ToolCall:
    if text is not None:
        return ToolCall("i", name, text, None, "its arguments are not valid JSON")
    return ToolCall("i", name, json.dumps(arguments), arguments)


def calling(*calls: ToolCall) -> Completion:
    return reply("", *calls)


def cut(*calls: ToolCall, generated: int = 160) -> Completion:
    return reply("so", *calls, finish="length", generated=generated)


class Model:
    """Plays its plan. Prompt tokens grow as the history does, unless the plan says how many there were."""

    def __init__(self, plan: list[Completion] | Callable[[], Iterator[Completion]]) -> None:
        self._plan = iter(plan if isinstance(plan, list) else plan())
        self.asked: list[dict[str, Any]] = []

    def complete(
        self, messages: Any, tools: Any, sampling: Any, max_tokens: int, deadlines: Any, on_tokens: Any = None
    ) -> Completion:
        self.asked.append({"messages": list(messages), "max_tokens": max_tokens, "sampling": sampling})
        planned = next(self._plan)
        if planned.usage.prompt_tokens:
            return planned
        counted = replace(planned.usage, prompt_tokens=len(json.dumps(messages)) // 4)
        return replace(planned, usage=counted)


def different() -> Iterator[Completion]:
    """A model that is never at its end, and never does the same twice."""
    number = 0
    while True:
        number += 1
        yield calling(tool("write_file", path=f"f{number}", content="x"))


class Sandbox:
    """Every call goes well. The tree changes with every write."""

    writes = 0

    def call(self, op: str, arguments: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        self.writes += op == "write"
        if op == "digest":
            return {"ok": True, "digest": str(self.writes)}
        if op == "export":
            return {"ok": True, "commit": None, "bundle": None}
        if op == "push":
            return {"ok": True, "commit": "c0ffee", "changed_files": ["f"]}
        if op == "run":
            return {"ok": True, "exit_code": 0, "output": "OK", "timed_out": False}
        return {"ok": True, "bytes": 1, "content": "text " * 400, "entries": ["f"]}


def play(folder: Path, plan: Any, job: Job = JOB) -> tuple[Ending, Agent, Model]:
    """The loop over a plan, to its end."""
    model = Model(plan)
    transcript = Transcript(folder / "transcript.jsonl")
    agent = Agent(job, model, Toolbox(Sandbox(), ["t"], 5), transcript, lambda event: None)
    ending = agent.run()
    transcript.close()
    return ending, agent, model


SUBMIT = calling(tool("submit"))
PUSH = calling(tool("push", message="m"))
