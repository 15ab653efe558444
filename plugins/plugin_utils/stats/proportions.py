# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shares of trials, and what they show."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from .numbers import arrays, distributions, tidy

SHOWN_INTERVAL = 0.95


def proportion(successes: int, trials: int) -> dict[str, Any]:
    """A rate that cannot be shown without its count and its Wilson interval."""
    if trials == 0:
        return {"count": 0, "of": 0, "rate": None, "low": None, "high": None}
    low, high = _wilson(successes, trials)
    return {"count": successes, "of": trials, "rate": tidy(successes / trials), "low": low, "high": high}


@lru_cache(maxsize=65536)
def _wilson(successes: int, trials: int) -> tuple[float | None, float | None]:
    """Two one-sided intervals: what is spent on a two-sided test's p-value nobody asks for."""
    risk = (1 + SHOWN_INTERVAL) / 2
    low, high = (
        distributions().binomtest(successes, trials, alternative=alternative).proportion_ci(risk, "wilson")
        for alternative in ("greater", "less")
    )
    return tidy(max(0.0, float(low.low))), tidy(min(1.0, float(high.high)))


def shown_at_least(successes: int, trials: int, risk: float) -> float:
    """The exact lower bound: a true rate below it would give this result or a better one with less than `risk`."""
    return float(distributions().beta.ppf(risk, successes, trials - successes + 1)) if successes else 0.0


def shown_at_most(successes: int, trials: int, risk: float) -> float:
    """The exact upper bound, the mirror image of `shown_at_least`."""
    return 1.0 - shown_at_least(trials - successes, trials, risk)


def trials_to_show(rate: float, threshold: float, risk: float, most: int = 500) -> int | None:
    """How many trials in all would show `threshold` if the measured rate holds; None: more than `most`."""
    if rate <= threshold:
        return None
    numbers = arrays().arange(1, most + 1)
    passes = arrays().floor(rate * numbers + 1e-9)
    bounds = distributions().beta.ppf(risk, passes, numbers - passes + 1)
    enough = numbers[arrays().nan_to_num(bounds) >= threshold]
    return int(enough[0]) if len(enough) else None


def passes_every_time(passed: int, tried: int, times: int) -> float | None:
    """Unbiased estimate of pass^k: the chance that `times` tries drawn from these all passed."""
    if tried < times:
        return None
    return math.comb(passed, times) / math.comb(tried, times)
