# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a trial can end: the closed list that agent, store and findings share."""

from __future__ import annotations

from dataclasses import dataclass

CEILINGS = ("turns", "tokens", "wall_clock", "interface", "capability")
DETAILS: dict[str, tuple[str, ...]] = {
    "tokens": ("completion", "budget", "context"),
    "interface": ("template", "parser"),
    "capability": (
        "wrong_result",
        "declared_done_early",
        "silent_give_up",
        "looping",
        "malformed_tool_calls",
        "contract_breach",
    ),
}
HANDED = ("deferred", "escalated")
VOIDS = ("engine_error", "oom_guard", "host_lost", "harness_error")


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
        allowed: tuple[str | None, ...]
        if self.outcome == "failed" and self.ceiling in CEILINGS:
            allowed = DETAILS.get(str(self.ceiling), (None,))
        elif self.ceiling is None:
            allowed = {"passed": (None,), "handed_over": HANDED, "void": VOIDS}.get(self.outcome, ())
        else:
            allowed = ()
        if self.detail not in allowed:
            raise ValueError(f"not an outcome: {self}")

    def __str__(self) -> str:
        return "/".join(part for part in (self.outcome, self.ceiling, self.detail) if part)
