# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processor's own energy counters (RAPL), from sysfs. They are of the package and its memory, not of the wall.

Many kernels let root alone read them, since they tell what other processes compute.
"""

from __future__ import annotations

import re
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
# intel-rapl:0 is a package, intel-rapl:0:1 a part of it. The same package once more, through mmio, is left out.
ZONE = re.compile(r"^intel-rapl:\d+(:\d+)?$")
MICROJOULES = 1e-6


class Counters:
    """The zones that add up to what the processors take. A part is in its package's count; only memory is beside it."""

    def __init__(self, folder: Path | None = None) -> None:
        self._zones = [zone for zone in sorted((folder or POWERCAP).glob("*")) if _adds_up(zone)]
        self._last: dict[Path, int] = {}
        self.joules()

    def joules(self) -> float | None:
        """What was taken since the last call; None where no counter could be read twice."""
        found = [self._since(zone) for zone in self._zones]
        known = [joules for joules in found if joules is not None]
        return sum(known) if known else None

    def _since(self, zone: Path) -> float | None:
        now, last = _number(zone / "energy_uj"), self._last.pop(zone, None)
        if now is None:
            return None
        self._last[zone] = now
        if last is None:
            return None
        if now < last:
            highest = _number(zone / "max_energy_range_uj")
            return None if highest is None else (highest - last + now) * MICROJOULES
        return (now - last) * MICROJOULES


def _adds_up(zone: Path) -> bool:
    match = ZONE.match(zone.name)
    if not match:
        return False
    try:
        name = (zone / "name").read_text().strip()
    except OSError:
        return False
    return name == "dram" if match.group(1) else name.startswith("package")


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
