# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper's state in words."""

from __future__ import annotations

from typing import Any

GIB = 1024**3


def describe(keeper: dict[str, Any]) -> str:
    """Who holds the host since when and until when, what was lowest, and why the last hold was ended."""
    if keeper["held"]:
        said = [f"Held by {keeper['owner']} since {keeper['since']} until {keeper['deadline']}"]
        said[0] += f" (process {keeper['pid']}){', loading' if keeper['loading'] else ''}."
        if keeper["lowest_available_bytes"] is not None:
            said.append(
                f"At the lowest {_gib(keeper['lowest_available_bytes'])} were available since the last renewal."
            )
        if keeper["reclaim_error"]:
            said.append(f"The page cache cannot be given back: {keeper['reclaim_error']}.")
        elif keeper["reclaims"]:
            said.append(f"The page cache was given back {keeper['reclaims']} times.")
    else:
        said = ["Nobody holds the host."]
    return " ".join([*said, *([_why(keeper["breach"])] if keeper["breach"] else [])])


def _why(breach: dict[str, Any]) -> str:
    reasons = {
        "floor": "{available} were available, below the floor of {floor}",
        "deadline": "its deadline passed",
        "unreadable": "the memory could not be read",
    }
    available = _gib(breach["available_bytes"] or 0)
    reason = reasons[breach["kind"]].format(available=available, floor=_gib(breach["floor_bytes"]))
    ended = [f"unloaded {', '.join(breach['unloaded'])}" if breach["unloaded"] else "found nothing to unload"]
    if breach["error"]:
        ended = [f"could not unload ({breach['error']})"]
    if breach["killed"]:
        ended.append(f"killed {', '.join(breach['killed'])}")
    return f"The keeper ended a hold at {breach['at']}: {reason}; it {' and '.join(ended)}."


def _gib(count: int) -> str:
    return f"{count / GIB:.2f} GiB"
