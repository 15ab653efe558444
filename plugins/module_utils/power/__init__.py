# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The energy a host takes, in joules, as far as it tells without asking for more than it gives an ordinary process."""

from __future__ import annotations

from .meter import Energy, Meter

__all__ = ["Energy", "Meter"]
