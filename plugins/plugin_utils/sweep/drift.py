# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host's speed drifted under a block: its closing anchor against its opening one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..stats import permutation_p_value, tidy

# By how much the speed must differ, and how clearly the turns' speeds must tell the anchors apart: a small machine's
# speed varies by more than a tenth from turn to turn, which is no drift.
LEAST_CHANGE, CLEARLY = 0.10, 0.05
LEAST_TURNS = 2


def judged(opening: Mapping[str, Any], closing: Mapping[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Whether it drifted, and the numbers; of an anchor that has no record nothing is known, and nothing drifted."""
    before, after = (one.get("generated_tokens_per_second") for one in (opening, closing))
    if not before or not after:
        return False, {"opening_tokens_per_second": before, "closing_tokens_per_second": after}
    change = after / before - 1
    speeds = [one.get("turn_speeds") or () for one in (opening, closing)]
    p_value = permutation_p_value(*speeds) if min(map(len, speeds)) >= LEAST_TURNS else None
    drifted = abs(change) > LEAST_CHANGE and p_value is not None and p_value < CLEARLY
    return drifted, {
        "opening_tokens_per_second": before,
        "closing_tokens_per_second": after,
        "change": tidy(change),
        "p_value": p_value,
        "drifted": drifted,
    }
