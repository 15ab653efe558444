# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a model call can fail, each with the outcome it stands for. No message ever holds the API key."""

from __future__ import annotations

from ...module_utils.errors import LabError
from .completion import Usage


class ChatError(LabError):
    """A call that gave no completion."""


class EngineFailure(ChatError):
    """The engine refused, broke off, went silent or answered with an error: void/engine_error, never the model's."""

    def __init__(self, message: str, remedy: str = "look at the engine's log; the trial is run again") -> None:
        super().__init__(message, remedy)


class StreamError(EngineFailure):
    """What came is not a whole stream of chat completion chunks."""


class OptionRefused(EngineFailure):
    """The engine, or this model on it, does not take what the chat config asks for."""

    def __init__(self, message: str, remedy: str = "take it out of the chat config") -> None:
        super().__init__(message, remedy)


class ContextOverflow(ChatError):
    """The engine says that the prompt and the completion do not fit its window: failed/tokens/context."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "load the model with a larger context or give the canary a smaller one")


class InterfaceBroken(ChatError):
    """The engine's template or parser broke on this exchange: failed/interface, `part` says which of the two."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message, f"give the engine another chat template or tool parser ({part})")
        self.part = part


class TurnOverrun(ChatError):
    """The stream was alive and still yielding when the time was up: failed/wall_clock. `usage` is the best there is."""

    def __init__(self, seconds: float, generated_estimate: int, usage: Usage | None = None) -> None:
        super().__init__(
            f"The completion was still streaming after {seconds:.1f} s, when the trial's time was up.",
            "a larger wall_clock_seconds, or a faster host",
        )
        self.seconds = seconds
        self.generated_estimate = generated_estimate
        self.usage = usage
