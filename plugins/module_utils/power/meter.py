# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Energy from whatever a host has: a figure measured at its wall, else its processor's counters and its GPUs' draw."""

from __future__ import annotations

from dataclasses import dataclass

from .nvidia import Gpus
from .rapl import Counters

SOURCES = ("inventory", "rapl", "nvidia_smi")


@dataclass
class Energy:
    """Joules since it was made, and from where; None where nothing told any."""

    joules: float | None = None
    sources: tuple[str, ...] = ()

    def add(self, joules: float | None, source: str) -> None:
        if joules is None:
            return
        self.joules = (self.joules or 0.0) + joules
        self.sources = tuple(one for one in SOURCES if one in {*self.sources, source})


class Meter:
    """Looked at each second. `watts` is the host's draw at work as somebody measured it, which beats every counter:
    they know nothing of the board, the disks and the power supply.
    """

    def __init__(self, now_seconds: float, watts: float | None) -> None:
        self.watts = watts
        self._at = now_seconds
        self._counters, self._gpus = Counters(), Gpus(now_seconds)

    def look(self, now_seconds: float, energy: Energy) -> None:
        """Add what was taken since the last look. The GPUs' last known draw holds until the next is known."""
        seconds, self._at = now_seconds - self._at, now_seconds
        counted = self._counters.joules()
        if self.watts is not None:
            energy.add(self.watts * seconds, "inventory")
            return
        energy.add(counted, "rapl")
        self._gpus.consider(now_seconds)
        if self._gpus.watts is not None:
            energy.add(self._gpus.watts * seconds, "nvidia_smi")
