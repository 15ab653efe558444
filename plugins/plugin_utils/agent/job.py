# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent is given and what comes back: the shapes around the loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..chat import Completion, Deadlines
from ..outcome import Verdict
from .budgets import Budgets

TOOL_STYLES = ("native", "text")
# Of a chat config, what is the agent's own and no engine is sent: with the level that goes without saying.
OWN: dict[str, Any] = {
    "history": "full",
    "echo_reasoning": False,
    "tell_budget": False,
    "tool_style": "native",
    "prompt": "default",
}
HISTORIES = ("full", "drop_old_tool_output", "summarise")


class Model(Protocol):
    """The one thing needed of a chat client."""

    def complete(
        self,
        messages: Any,
        tools: Any,
        sampling: Mapping[str, Any],
        max_tokens: int,
        deadlines: Deadlines,
        on_tokens: Callable[[int], None] | None = None,
    ) -> Completion: ...


@dataclass(frozen=True)
class Job:
    """What the agent is asked, and under what conditions. `window_tokens` is the verified window of one request.

    `sampling` goes to the engine, `reasoning` included. The rest of the chat config is the agent's own: `history` is
    what is sent of it, `echo_reasoning` whether earlier turns' reasoning is part of that, `tell_budget` whether the
    model is told what it may still use, `tool_style` whether calls are the engine's matter or stand in the text,
    `prompt_variant` which system prompt it is given.
    """

    prompt: str
    autonomy: str
    budgets: Budgets
    window_tokens: int
    sampling: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    silence_seconds: float = 120.0
    history: str = "full"
    echo_reasoning: bool = False
    tell_budget: bool = False
    tool_style: str = "native"
    prompt_variant: str = "default"

    @staticmethod
    def chat(config: Mapping[str, Any]) -> dict[str, Any]:
        """A chat config as fields of a job."""
        own = {name: config[name] for name in OWN if name in config}
        if "prompt" in own:  # a job's prompt is the canary's
            own["prompt_variant"] = own.pop("prompt")
        return {"sampling": {name: value for name, value in config.items() if name not in OWN}, **own}


@dataclass(frozen=True)
class Handed:
    """A job in somebody else's hands: `kind` is deferred or escalated."""

    kind: str
    reason: str


@dataclass(frozen=True)
class Probe:
    """A trial that went on past a ceiling. `at` is what it had used when its verdict was fixed, `seconds` the rest."""

    factor: float
    at: Mapping[str, Any]
    ended: Ending
    seconds: float


@dataclass(frozen=True)
class Ending:
    """How the loop ended. A submitted trial has no verdict yet: the grade decides.

    `not_applied` says what of the chat config the engine refused.
    """

    verdict: Verdict | None
    error: str | None = None
    not_applied: str | None = None
    handed: Handed | None = None
    probe: Probe | None = None

    @property
    def submitted(self) -> bool:
        return self.verdict is None


SUBMITTED = Ending(None)


def failed(ceiling: str, detail: str | None = None, error: str | None = None) -> Ending:
    return Ending(Verdict("failed", ceiling, detail), error)
