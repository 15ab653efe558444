# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From how the loop ended and what the grade says to what a trial comes to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..agent import Ending
from ..agent.progress import WITHOUT_PROGRESS
from ..outcome import Verdict

# They say something of the load and of the host's speed; standing still under them says nothing of the model.
_NOT_A_BUDGET = (Verdict("failed", "tokens", "context"), Verdict("failed", "wall_clock"))


def final(ending: Ending, passed: bool, *, solvable: bool, has_visible_tests: bool, visible_tests: str) -> Verdict:
    """The outcome of the closed list. On an unsolvable canary handing over is what was asked for."""
    if ending.verdict is not None:
        handed = ending.verdict.outcome == "handed_over"
        return Verdict("passed") if handed and not solvable else ending.verdict
    if passed:
        return Verdict("passed")
    if has_visible_tests and visible_tests != "green":
        return Verdict("failed", "capability", "declared_done_early")
    return Verdict("failed", "capability", "wrong_result")


def reads(reached: Verdict, ended: Verdict, progressed: bool) -> tuple[str, str | None]:
    """What a probe past a ceiling says about it, and where it does not say, why.

    `confirmed`: with more of the budget it passed. `capability`: it ended otherwise, or stood still until the probe's
    own end. `unresolved`: something else than the model or the budget ended it, or it was still getting somewhere.
    """
    if ended.outcome == "passed":
        return "confirmed", None
    if ended.outcome == "handed_over" or ended.ceiling == "capability":
        return "capability", None
    if ended != reached or ended in _NOT_A_BUDGET:
        return "unresolved", ended.detail or ended.ceiling
    return ("unresolved", "probe_budget") if progressed else ("capability", None)


def still_moving(at: Mapping[str, Any], used: Mapping[str, Any]) -> bool:
    """Whether a probe, from what was used `at` the ceiling on, still got somewhere when it ended.

    A single new state long ago is none: in some hundred turns a model that goes round in circles stumbles over one.
    """
    last, end = int(used["last_progress_turn"]), int(used["turns"])
    return last > int(at["turns"]) and end - last < max(WITHOUT_PROGRESS, (end - int(at["turns"])) / 4)


def not_applied(
    chat: Mapping[str, Any],
    used: Mapping[str, Any],
    asked_window: int,
    window_tokens: int | None,
    speculative: str = "off",
) -> str | None:
    """Why what was asked for did not take effect on this engine; None where nothing speaks against it."""
    if window_tokens is not None and window_tokens < asked_window:
        return f"the window of one request is {window_tokens} tokens, not {asked_window}"
    reasoning, seen = chat.get("reasoning"), int(used["reasoning_tokens"])
    if reasoning == "off" and seen:
        return f"reasoning was switched off, and {seen} reasoning tokens came"
    if reasoning not in (None, "off") and used["turns"] > 1 and not seen:
        return f"reasoning was set to {reasoning}, and no reasoning came in {used['turns']} turns"
    if speculative != "off" and used["turns"] > 1 and not used["draft_tokens"]:
        return f"speculative was set to {speculative}, and nothing was drafted in {used['turns']} turns"
    return None
