# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far two arms lie apart, stratified by canary, and how well that is known."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from .comparisons import Stratum
from .numbers import tidy
from .proportions import wilson


def difference(strata: Iterable[Stratum | tuple[int, int, int, int]]) -> dict[str, Any] | None:
    """Mean over the strata of rate a less rate b, with Newcombe's interval (his method 10, from Wilson's of each arm).

    Every stratum weighs the same, so an arm counts as so many trials as would give a plain rate the same variance.
    None where no stratum has trials of both arms.
    """
    both = [Stratum(*one) for one in strata]
    both = [one for one in both if one.trials_a and one.trials_b]
    if not both:
        return None
    a, low_a, high_a = _arm([(one.passes_a, one.trials_a) for one in both])
    b, low_b, high_b = _arm([(one.passes_b, one.trials_b) for one in both])
    return {
        "difference": tidy(a - b),
        "low": tidy(max(-1.0, a - b - math.hypot(a - low_a, high_b - b))),
        "high": tidy(min(1.0, a - b + math.hypot(high_a - a, b - low_b))),
        "strata": len(both),
    }


def _arm(counts: list[tuple[int, int]]) -> tuple[float, float, float]:
    """Mean rate and Wilson's interval for it."""
    rate = math.fsum(passes / trials for passes, trials in counts) / len(counts)
    trials = len(counts) ** 2 / math.fsum(1 / trials for _passes, trials in counts)
    return (rate, *wilson(rate, trials))
