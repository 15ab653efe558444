# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Admission: no load that the host may not survive."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Admission:
    """The answer with its numbers; a refusal is a result, not an error."""

    admitted: bool
    predicted_bytes: int
    available_bytes: int
    reserve_bytes: int
    reason: str


def admit(predicted_bytes: int, available_bytes: int, reserve_bytes: int) -> Admission:
    """Whether what a model is predicted to take leaves the reserve free."""
    left = available_bytes - predicted_bytes - reserve_bytes
    sentence = (
        f"predicted {_gib(predicted_bytes)} + reserve {_gib(reserve_bytes)} "
        f"{'fit in' if left >= 0 else 'do not fit in'} {_gib(available_bytes)} available "
        f"({_gib(abs(left))} {'to spare' if left >= 0 else 'short'})"
    )
    return Admission(left >= 0, predicted_bytes, available_bytes, reserve_bytes, sentence)


def _gib(count: int) -> str:
    return f"{count / 1024**3:.2f} GiB"
