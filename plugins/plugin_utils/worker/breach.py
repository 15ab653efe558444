# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the keeper did on its own, in words and numbers for the record and the card."""

from __future__ import annotations

from typing import Any

GIB = 2**30


def sentence(breach: dict[str, Any]) -> str:
    """Why the keeper unloaded everything; `breach` is as the module `keeper` returns it."""
    if breach["kind"] == "floor":
        available, floor = breach["available_bytes"] / GIB, breach["floor_bytes"] / GIB
        why = f"{available:.2f} GiB were available, below the floor of {floor:.2f} GiB"
    elif breach["kind"] == "deadline":
        why = f"the deadline {breach['deadline']} passed"
    else:
        why = f"the memory could not be read any more ({breach['why']})"
    left = f"; unloading failed: {breach['error']}" if breach.get("error") else ""
    return f"the keeper unloaded everything at {breach['at']}: {why}{left}"


def below_floor(breach: dict[str, Any] | None, host: str) -> dict[str, Any] | None:
    """The numbers of a cell that is infeasible because the guard had to act; None for any other breach or none."""
    if not breach or breach["kind"] != "floor":
        return None
    measured = {name: breach[name] for name in ("available_bytes", "floor_bytes")}
    return {"why": "oom_guard", "host": host, "reason": sentence(breach), **measured}
