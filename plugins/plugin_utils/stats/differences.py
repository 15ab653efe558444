# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By how much two proportions differ."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .numbers import tidy


def difference(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of two `proportion`s, with Newcombe's 95 % interval (made of their Wilson intervals); None where one is empty."""
    if not first["of"] or not second["of"]:
        return None
    one, other = first["rate"], second["rate"]
    below = math.hypot(one - first["low"], second["high"] - other)
    above = math.hypot(first["high"] - one, other - second["low"])
    return {
        "difference": tidy(one - other),
        "low": tidy(max(-1.0, one - other - below)),
        "high": tidy(min(1.0, one - other + above)),
    }
