# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shares of trials, and what they show."""

from __future__ import annotations

import math
from typing import Any

from .numbers import arrays, distributions, special, tidy

SHOWN_INTERVAL = 0.95


def proportion(successes: int, trials: int) -> dict[str, Any]:
    """A rate that cannot be shown without its count and its Wilson interval."""
    if trials == 0:
        return {"count": 0, "of": 0, "rate": None, "low": None, "high": None}
    rate = successes / trials
    low, high = wilson(rate, trials)
    return {"count": successes, "of": trials, "rate": tidy(rate), "low": tidy(low), "high": tidy(high)}


def wilson(rate: float, trials: float) -> tuple[float, float]:
    """Wilson's interval for a rate, closed as it is; `trials` may be as many as the rate is worth."""
    z = float(special().ndtri((1 + SHOWN_INTERVAL) / 2))
    middle = (rate + z * z / (2 * trials)) / (1 + z * z / trials)
    reach = z * math.sqrt(rate * (1 - rate) / trials + (z / (2 * trials)) ** 2) / (1 + z * z / trials)
    # At the ends of the scale the interval's own end is the rate, whatever the last place says.
    return (0.0 if rate == 0 else max(0.0, middle - reach)), (1.0 if rate == 1 else min(1.0, middle + reach))


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
