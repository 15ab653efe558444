# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reading of the memory is on every system, and the error when there is none."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import LabError


class MemoryUnreadable(LabError):
    """This host does not tell its memory in a way that is known here."""


@dataclass(frozen=True)
class Reading:
    """The host's memory at one moment; None where the system does not tell.

    `available_bytes` is what can be used without swapping, `free_bytes` what nobody uses for anything.
    `os_bytes` is what the operating system keeps for itself and gives to nobody.
    `huge_block_free_bytes` is what of the free memory lies in blocks of 2 MiB or more, `psi_*_avg10` the share of the
    last ten seconds in which some or all tasks waited for memory, in percent (both Linux). `unpressed_percent` is how
    far macOS sees itself from memory pressure.
    """

    total_bytes: int
    available_bytes: int
    free_bytes: int
    os_bytes: int
    swap_total_bytes: int
    swap_free_bytes: int
    huge_block_free_bytes: int | None = None
    psi_some_avg10: float | None = None
    psi_full_avg10: float | None = None
    unpressed_percent: int | None = None
