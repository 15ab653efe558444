# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Medians of what was measured, never without how far they spread."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from .numbers import arrays, distributions, known, tidy
from .proportions import SHOWN_INTERVAL

# Of fewer, a bootstrap cannot see beyond the few values it draws from and says too little.
LEAST_RESAMPLED = 5


def spread(values: Iterable[float | None]) -> dict[str, Any] | None:
    """Median with the lowest and the highest: at N = 3 these are all there is to say honestly."""
    numbers = known(values)
    if not numbers:
        return None
    return {
        "median": tidy(float(arrays().median(numbers))),
        "low": tidy(numbers[0]),
        "high": tidy(numbers[-1]),
        "of": len(numbers),
    }


def median_interval(values: Iterable[float | None]) -> dict[str, Any] | None:
    """Median with its percentile bootstrap interval; of fewer than five values their range, and `how` says which.

    Nothing is resampled: which of the sorted values a resample's median is follows from the binomial distribution
    (Efron, 1979), so this is what any number of resamples tends to.
    """
    numbers = known(values)
    shown = spread(numbers)
    if shown is None or len(numbers) < LEAST_RESAMPLED:
        return None if shown is None else shown | {"how": "range"}
    low, high = _ranks(len(numbers))
    return shown | {"low": tidy(numbers[low]), "high": tidy(numbers[high]), "how": "bootstrap"}


@lru_cache(maxsize=4096)
def _ranks(count: int) -> tuple[int, int]:
    """Where the interval of a sample of so many begins and ends in their order; of an even number it begins with the
    lower one's of the two in the middle and ends with the upper one's, and so is never too narrow."""
    below = arrays().arange(1, count + 1) / count
    lower, upper = (count - 1) // 2, count // 2
    outside = (1 - SHOWN_INTERVAL) / 2
    # The chance that a resample's value at that place, counted from 0, is at most the sample's k-th.
    low = distributions().binom.sf(lower, count, below)
    high = distributions().binom.sf(upper, count, below)
    return int(arrays().argmax(low >= outside)), int(arrays().argmax(high >= 1 - outside))
