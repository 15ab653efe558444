# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How smoke speaks to the model: as the agent would, under one set of settings, until a moment."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from ...module_utils.errors import LabError
from ..agent import Job, TextStyle, prompt
from ..agent.job import Model
from ..agent.tools import schemas
from ..chat import Client, Completion, Deadlines, EngineFailure

GRACE_SECONDS = 10.0
AUTONOMY = "write"  # the fewest tools a trial may have
# A shorter prompt's speed is that of a call, not of reading.
SPEED_TOKENS = 100
SPEED_GENERATED_TOKENS = 8
# Long prompts are read slower than short ones, and a busy host slower than before.
SURE_SHARE = 0.5

Settings = dict[str, Any]


class OutOfTime(LabError):
    """The check's time is up before its next question."""

    def __init__(self) -> None:
        super().__init__("The time for this check is up.", "a faster host, or none: it is bounded")


class NotReloaded(LabError):
    """The model could not be loaded with other settings; that rules these settings out and says nothing else."""

    def __init__(self, why: str) -> None:
        super().__init__(why, "take the template out of the catalog's entry, or mend it")


class EngineLost(EngineFailure):
    """The engine answered before this check, and not after it."""

    def __init__(self, message: str) -> None:
        super().__init__(f"The engine did not survive it: {message}", "look at the engine's log")
        self.checks: list[dict[str, Any]] = []


@dataclass(frozen=True)
class Subject:
    """The loaded model. `chat` is the baseline's chat config, `window_tokens` what one request may fill.

    `alternatives` are settings to try where tool calls fail: `tool_style`, and `chat_template` (its text, with
    `chat_template_name`), which needs the model loaded anew.
    """

    label: str
    base_url: str
    api_key: str | None
    engine: str
    model: str
    window_tokens: int
    chat: Mapping[str, Any] = field(default_factory=dict)
    alternatives: Sequence[Settings] = ()

    @property
    def is_cloud(self) -> bool:
        return self.engine == "openai_compatible"


class Talk:
    """Asks until `until`, a moment of time.monotonic(). Close it."""

    def __init__(self, subject: Subject, settings: Settings) -> None:
        self.subject, self.settings = subject, settings
        self.until = time.monotonic()
        own = Job.chat({**subject.chat, **{key: settings[key] for key in ("tool_style",) if key in settings}})
        self._sampling: dict[str, Any] = dict(own["sampling"])
        if subject.engine == "ollama":
            # Without it, Ollama loads the model again with a window of its own choice.
            self._sampling["num_ctx"] = subject.window_tokens
        self._in_text, self._variant = own.get("tool_style") == "text", str(own.get("prompt_variant", "default"))
        self._client = Client(subject.base_url, subject.api_key, subject.model, subject.engine)
        self._model: Model = TextStyle(self._client) if self._in_text else self._client
        self._read: list[tuple[int, float]] = []
        self._generated: list[float] = []

    def close(self) -> None:
        self._client.close()

    @property
    def tool_style(self) -> str:
        return "text" if self._in_text else "native"

    @property
    def is_late(self) -> bool:
        return time.monotonic() >= self.until

    def readable_tokens(self) -> int | None:
        """How long a prompt may be to be read in time for sure; None where nothing is known of the speed."""
        if not self._read:
            return None
        return int(max(self._read)[1] * max(0.0, self.until - time.monotonic()) * SURE_SHARE)

    def opening(self, text: str, with_tools: bool = False) -> list[dict[str, Any]]:
        offered = schemas(AUTONOMY) if with_tools and self._in_text else ()
        return [{"role": "system", "content": prompt.system(self._variant, offered)}, {"role": "user", "content": text}]

    def ask(
        self,
        text: str | Sequence[Mapping[str, Any]],
        max_tokens: int,
        seed: int = 1,
        with_tools: bool = False,
        **sampling: Any,
    ) -> Completion:
        """A reply to this text, or to these messages. No reply is longer than half the window."""
        if self.is_late:
            raise OutOfTime
        messages = self.opening(text, with_tools) if isinstance(text, str) else text
        tools = schemas(AUTONOMY) if with_tools and not self._in_text else []
        limit = min(max_tokens, self.subject.window_tokens // 2)
        deadlines = Deadlines(turn_at=self.until, grace_seconds=GRACE_SECONDS)
        reply = self._model.complete(
            messages, tools, {**self._sampling, "seed": seed, **sampling}, limit, deadlines, None
        )
        fresh = reply.usage.prompt_tokens - reply.usage.cached_tokens
        if reply.prompt_tokens_per_second is not None and fresh >= SPEED_TOKENS:
            self._read.append((fresh, reply.prompt_tokens_per_second))
        if reply.generated_tokens_per_second is not None and reply.usage.generated_tokens >= SPEED_GENERATED_TOKENS:
            self._generated.append(reply.generated_tokens_per_second)
        return reply

    def generated_speeds(self) -> tuple[float | None, int]:
        """The median over the replies so far, and over how many."""
        return (median(self._generated) if self._generated else None), len(self._generated)


def said(reply: Completion) -> str:
    """Everything that was generated but calls: a model that thinks says little else in a short reply."""
    return (reply.reasoning + reply.text).strip()
