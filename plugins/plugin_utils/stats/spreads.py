# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Medians of what was measured, never without how far they spread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .numbers import arrays, distributions, known, tidy
from .proportions import SHOWN_INTERVAL

RESAMPLES = 2000
# Of fewer, a bootstrap cannot see beyond the few values it draws from and says too little.
LEAST_RESAMPLED = 5
BATCH_VALUES = 200_000


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
    """Median with its percentile bootstrap interval; of fewer than five values their range, and `how` says which."""
    numbers = known(values)
    shown = spread(numbers)
    if shown is None or len(numbers) < LEAST_RESAMPLED:
        return None if shown is None else shown | {"how": "range"}
    interval = (
        distributions()
        .bootstrap(
            (numbers,),
            arrays().median,
            n_resamples=RESAMPLES,
            batch=max(1, BATCH_VALUES // len(numbers)),
            confidence_level=SHOWN_INTERVAL,
            method="percentile",
            rng=0,
        )
        .confidence_interval
    )
    return shown | {"low": tidy(float(interval.low)), "high": tidy(float(interval.high)), "how": "bootstrap"}
