# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the keeper has seen of the memory in one term, worst first remembered."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..memory import Reading


@dataclass
class Record:
    """The extremes since the last renewal; None until something was seen, or where the system does not tell it."""

    lowest_available_bytes: int | None = None
    lowest_huge_block_free_bytes: int | None = None
    highest_psi_some_avg10: float | None = None
    highest_psi_full_avg10: float | None = None

    def add(self, reading: Reading) -> None:
        self.lowest_available_bytes = _worst(min, self.lowest_available_bytes, reading.available_bytes)
        self.lowest_huge_block_free_bytes = _worst(
            min, self.lowest_huge_block_free_bytes, reading.huge_block_free_bytes
        )
        self.highest_psi_some_avg10 = _worst(max, self.highest_psi_some_avg10, reading.psi_some_avg10)
        self.highest_psi_full_avg10 = _worst(max, self.highest_psi_full_avg10, reading.psi_full_avg10)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def _worst(choose: Any, *values: Any) -> Any:
    return choose((value for value in values if value is not None), default=None)
