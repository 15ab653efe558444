# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a trial can end: the closed list that agent, store, findings and docs share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Kind(NamedTuple):
    """One entry of the closed list: what ended the trial, and what that says about the model."""

    outcome: str
    ceiling: str | None
    detail: str | None
    meaning: str
    says: str


_AGAINST = "counts against the model"
_MORE = "counts; the probe tells whether more of the budget mends it"
_WINDOW = "counts; a larger context may mend it"
_CONFIG = "never counted: mend the config"
_VOID = "never counted: runs again, at most twice"

OUTCOMES = (
    Kind(
        "passed",
        None,
        None,
        "submitted, and the hidden tests pass; on an unsolvable canary: handed over",
        "counts for it",
    ),
    Kind("failed", "turns", None, "the turn budget ended it", _MORE),
    Kind("failed", "tokens", "completion", "a reply was cut at its length limit, and so was its continuation", _MORE),
    Kind("failed", "tokens", "budget", "the trial's generated tokens were used up, reasoning included", _MORE),
    Kind("failed", "tokens", "context", "the next call would not fit the window of one request", _WINDOW),
    Kind("failed", "wall_clock", None, "the trial's time, or a turn's, was up while the engine was alive", _MORE),
    Kind("failed", "interface", "template", "the engine's chat template broke on the history", _CONFIG),
    Kind("failed", "interface", "parser", "well-formed calls in the raw text that the engine did not parse", _CONFIG),
    Kind("failed", "capability", "wrong_result", "submitted, visible tests green, hidden tests red", _AGAINST),
    Kind(
        "failed",
        "capability",
        "declared_done_early",
        "submitted with the visible tests red, or never run after the last edit, and hidden tests red",
        _AGAINST,
    ),
    Kind("failed", "capability", "silent_give_up", "text without a tool call, nudges used up", _AGAINST),
    Kind("failed", "capability", "looping", "the same call with the same result again and again", _AGAINST),
    Kind("failed", "capability", "malformed_tool_calls", "three malformed calls in a row, in the raw text", _AGAINST),
    Kind("failed", "capability", "contract_breach", "three calls in a row outside the autonomy level", _AGAINST),
    Kind("handed_over", None, "deferred", "handed to a person, on a canary that can be solved", "counts as not passed"),
    Kind(
        "handed_over",
        None,
        "escalated",
        "handed to the architect, on a canary that can be solved",
        "counts as not passed",
    ),
    Kind("void", None, "engine_error", "a silent stream, a crash, an error, a truncated prompt", _VOID),
    Kind(
        "void",
        None,
        "oom_guard",
        "the keeper unloaded the model: too little memory left",
        "never counted: the load config is infeasible",
    ),
    Kind("void", None, "host_lost", "the host was lost while the trial ran", "never counted: runs again"),
    Kind("void", None, "harness_error", "our own side failed", _VOID),
)
_KNOWN = {(kind.outcome, kind.ceiling, kind.detail) for kind in OUTCOMES}


@dataclass(frozen=True)
class Verdict:
    """One outcome of the closed list.

    `outcome` is passed, failed, handed_over or void. A failure names its `ceiling` and, where the ceiling has
    kinds, `detail` (tokens: at which limit; interface and capability: how). A hand-over names `detail`
    (deferred, escalated), a void trial names `detail` (why). Anything else raises ValueError.
    """

    outcome: str
    ceiling: str | None = None
    detail: str | None = None

    def __post_init__(self) -> None:
        if (self.outcome, self.ceiling, self.detail) not in _KNOWN:
            raise ValueError(f"not an outcome: {self}")

    def __str__(self) -> str:
        return "/".join(part for part in (self.outcome, self.ceiling, self.detail) if part)
