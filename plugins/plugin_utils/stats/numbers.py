# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How numbers are written down, and SciPy and NumPy when they are first needed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import Any


@cache
def distributions() -> Any:
    from scipy import stats

    return stats


@cache
def special() -> Any:
    """The same laws without their checks, for what is called a hundred thousand times."""
    from scipy import special as functions

    return functions


@cache
def arrays() -> Any:
    import numpy

    return numpy


def tidy(value: float | None) -> float | None:
    """Six significant digits: more is noise, and differs in its last place from one machine to the next."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.6g}")


def known(values: Iterable[float | None]) -> list[float]:
    """Those that were measured, the lowest first."""
    numbers = arrays().asarray(values if hasattr(values, "__array__") else list(values), dtype="float64")
    return list(arrays().sort(numbers[arrays().isfinite(numbers)]).tolist())
