# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether it is still open if a cell is good enough for a duty: then more replicates of it may tell."""

from __future__ import annotations

from collections.abc import Mapping

from ..stats import shown_at_least, shown_at_most
from .definition import Sweep
from .plan import PlannedCanary
from .tally import Tally


def is_open(sweep: Sweep, canaries: Mapping[str, PlannedCanary], tally: Tally, compared: int) -> bool:
    """Of any duty's pass rate: neither shown nor ruled out, with the sweep's risk shared by `compared` cells."""
    risk = sweep.wrong_adoption / max(1, compared)
    for duty, wanted in sweep.good_enough.items():
        ours = [
            name
            for name, one in canaries.items()
            if one.duty == duty and wanted.get("grade") in (None, one.grade) and tally.counted.get(name)
        ]
        passed, counted = (sum(of[name] for name in ours) for of in (tally.passed, tally.counted))
        asked = wanted.get("pass_rate")
        if asked is None or not counted:
            continue
        if shown_at_least(passed, counted, risk) < asked <= shown_at_most(passed, counted, risk):
            return True
    return False
