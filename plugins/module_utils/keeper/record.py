# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the keeper has seen in one term: of the memory the worst, of the energy the sum."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..memory import Reading
from ..power import Energy


@dataclass
class Record:
    """What was seen since the last renewal; None until something was, or where the system does not tell it."""

    lowest_available_bytes: int | None = None
    lowest_huge_block_free_bytes: int | None = None
    highest_psi_some_avg10: float | None = None
    highest_psi_full_avg10: float | None = None
    energy_joules: float | None = None
    energy_from: str | None = None

    def add(self, reading: Reading) -> None:
        self.lowest_available_bytes = _worst(min, self.lowest_available_bytes, reading.available_bytes)
        self.lowest_huge_block_free_bytes = _worst(
            min, self.lowest_huge_block_free_bytes, reading.huge_block_free_bytes
        )
        self.highest_psi_some_avg10 = _worst(max, self.highest_psi_some_avg10, reading.psi_some_avg10)
        self.highest_psi_full_avg10 = _worst(max, self.highest_psi_full_avg10, reading.psi_full_avg10)

    def took(self, energy: Energy) -> None:
        """The energy so far. Where it is from is named in full, since a processor alone is not a host."""
        self.energy_joules = None if energy.joules is None else round(energy.joules, 3)
        self.energy_from = "+".join(energy.sources) or None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def _worst(choose: Any, *values: Any) -> Any:
    return choose((value for value in values if value is not None), default=None)
