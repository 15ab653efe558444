# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees while a sweep runs: its steps, a line per finished trial, and one live line per host."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

QUIET_TASKS = ("ansible.builtin.debug", "ansible.builtin.include_tasks", "ansible.builtin.include_role")
# A loop fails item by item, and once more with all its results.
FAILURES = ("runner_on_failed", "runner_item_on_failed", "runner_on_unreachable")
SAYING = tuple(f"local_llm.lab.{name}" for name in ("challenge_plan", "sweep_plan", "sweep_report", "challenge_report"))
SHOWN_MARKS = ("smoke of ", "trial ", "block ", "round ", "toolchain: ")


class Screen:
    """Shows runner events; `explained` says whether an error has been shown. Plain lines where there is no terminal.

    One that `shows_messages` shows what debug tasks say, and no steps beside it.
    """

    def __init__(self, shows_messages: bool = False) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._progress: Path | None = None
        self._step = "starting"
        self._shows_messages = shows_messages
        self.explained = False

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def tick(self) -> None:
        from rich.text import Text

        self._live.update(Text("\n".join(self._live_lines())), refresh=True)

    def show(self, event: dict[str, Any]) -> None:
        data = event.get("event_data", {})
        name = event["event"]
        if name == "playbook_on_task_start":
            self._step = data["task"]
        elif name == "runner_on_ok":
            self._show_result(data)
        elif name in FAILURES and not data.get("ignore_errors") and "results" not in data["res"]:
            self._print(f"{data['host']}: {data['task']}: {data['res'].get('msg', data['res'])}", style="red")
            self.explained = True
        elif name == "verbose" and event["stdout"].startswith(SHOWN_MARKS):
            self._print(event["stdout"])
        self.tick()

    def _show_result(self, data: dict[str, Any]) -> None:
        result = data.get("res") or {}
        if data.get("task_action") == "local_llm.lab.sweep_plan":
            self._progress = Path(result["lab_home"]) / "progress"
        if self._shows_messages:
            if data.get("task_action") == "ansible.builtin.debug":
                for line in result["msg"]:
                    self._print(line)
        elif data.get("task_action") in SAYING:
            for line in result["lines"]:
                self._print(line)
        elif data.get("task_action") not in QUIET_TASKS and not self._console.is_terminal:
            self._print(f"{data['host']}: {data['task']}")

    def _print(self, line: str, style: str | None = None) -> None:
        self._console.print(line, style=style, markup=False, soft_wrap=True)

    def _live_lines(self) -> Iterator[str]:
        states = sorted(self._progress.glob("*.json")) if self._progress else []
        for path in states:
            try:
                yield live_line(json.loads(path.read_text()))
            except (FileNotFoundError, KeyError):
                continue
        if not states:
            yield f"… {self._step}"


def live_line(state: dict[str, Any]) -> str:
    """One host's running trial: which of how many, turn, tokens, tokens/s, time left."""
    trial = state["trial"]
    config = " ".join(f"{name}={value}" for name, value in trial["chat"].items())
    speed = state["tokens_per_second"]
    left = state["seconds_left"]
    return " · ".join(
        [
            f"{state['host']}: trial {state['done'] + 1}/{state['total']} {trial['canary']} [{config}]",
            f"turn {state['turn']}/{state['turns']}",
            f"{state['generated_tokens']} tokens",
            f"{speed:.0f} tokens/s" if speed else state["phase"],
            f"{left // 60:.0f} min {left % 60:02.0f} s left" if left is not None else "time left not known yet",
        ]
    )
