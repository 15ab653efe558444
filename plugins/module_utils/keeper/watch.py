# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the keeper has to act: below the memory floor, or past the owner's deadline. No clock, no memory of its own."""

from __future__ import annotations


class Watch:
    """Deadlines on the monotonic clock, so that a clock set right at night ends nobody's hold."""

    def __init__(self, now_seconds: float, deadline_seconds: float, floor_bytes: int) -> None:
        self.renew(now_seconds, deadline_seconds, floor_bytes)

    def renew(self, now_seconds: float, deadline_seconds: float, floor_bytes: int) -> None:
        """Start a new term."""
        self.ends_at = now_seconds + deadline_seconds
        self.floor_bytes = floor_bytes

    def breached(self, now_seconds: float, available_bytes: int | None) -> str | None:
        """What is breached, if anything; the floor cannot be where the memory is not known."""
        if available_bytes is not None and available_bytes < self.floor_bytes:
            return "floor"
        if now_seconds >= self.ends_at:
            return "deadline"
        return None
