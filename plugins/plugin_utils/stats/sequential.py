# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking more than once: how much of a risk is spent by when, and what a later look can still bring."""

from __future__ import annotations

import math
from functools import lru_cache

from .numbers import special


@lru_cache(maxsize=1024)
def spent(risk: float, fraction: float) -> float:
    """The part of `risk` that Lan and DeMets let O'Brien and Fleming's boundary spend up to `fraction` of the data."""
    return 2 * float(special().ndtr(special().ndtri(risk / 2) / math.sqrt(fraction)))


def predictive_power(score: float, level: float, fraction: float) -> float:
    """The chance, given a score on `fraction` of the data and no other knowledge, that all data pass at `level`."""
    wanted = -float(special().ndtri(level))
    return float(special().ndtr((score - wanted * math.sqrt(fraction)) / math.sqrt(1 - fraction)))
