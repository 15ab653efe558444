# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What replicates can tell of a cell that is to be good enough for a duty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..stats import shown_at_least, shown_at_most, trials_to_show
from .definition import Sweep
from .plan import PlannedCanary
from .tally import Tally


class OutOfReach(NamedTuple):
    """A duty whose pass rate not even a cell that always passes would show."""

    duty: str
    asked: float
    trials: int
    needed: int | None


def is_open(sweep: Sweep, canaries: Mapping[str, PlannedCanary], tally: Tally, compared: int) -> bool:
    """Whether some duty's pass rate is neither shown nor ruled out; `compared` cells share the sweep's risk."""
    risk = sweep.wrong_adoption / max(1, compared)
    for _duty, asked, names in _asked(sweep, canaries):
        passed, counted = (sum(of.get(name, 0) for name in names) for of in (tally.passed, tally.counted))
        if counted and shown_at_least(passed, counted, risk) < asked <= shown_at_most(passed, counted, risk):
            return True
    return False


def out_of_reach(sweep: Sweep, canaries: Mapping[str, PlannedCanary], compared: int) -> Iterator[OutOfReach]:
    """Duties that ask for more than all the replicates of a cell can show."""
    risk = sweep.wrong_adoption / max(1, compared)
    for duty, asked, names in _asked(sweep, canaries):
        trials = len(names) * sweep.most_replicates
        if trials and shown_at_least(trials, trials, risk) < asked:
            yield OutOfReach(duty, asked, trials, trials_to_show(1.0, asked, risk))


def _asked(sweep: Sweep, canaries: Mapping[str, PlannedCanary]) -> Iterator[tuple[str, float, list[str]]]:
    """Duty, the pass rate that is asked for it, and the canaries that this is asked of."""
    for duty, wanted in sweep.good_enough.items():
        if "pass_rate" in wanted:
            graded = [name for name, one in canaries.items() if wanted.get("grade") in (None, one.grade)]
            yield duty, wanted["pass_rate"], [name for name in graded if canaries[name].duty == duty]
