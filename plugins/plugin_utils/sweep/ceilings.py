# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a canary's budgets or the model stood in the way, and which budgets to give. Pure, from trial records.

A trial that met a ceiling went on past it, so its record says what it used in the end and how that is to be read. One
such reading is about one try; this is about the canary, over its replicates, any of which may have failed by chance.
docs/ceilings.md has the rule in words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from ..stats import proportion
from .pass_curve import curve

READINGS = ("confirmed", "capability", "unresolved")
AXES = ("turns", "generated_tokens")
# Which budget of the sweep file each ceiling is; the window is of the load config.
LIMITS = {
    ("turns", None): "turns",
    ("tokens", "budget"): "generated_tokens",
    ("tokens", "completion"): "completion_tokens",
    ("tokens", "context"): "context_tokens",
    ("wall_clock", None): "wall_clock_seconds",
}
# Where three tries in ten fail by chance, three in a row do so 27 times in a thousand.
FEWEST_FAILURES = 3
# The budget is read off what this share of the passes fitted in, and so much of a margin.
SHARE = 0.9
MARGIN = 1.25
# With so much of the other budget used at a ceiling, that one would have ended the trial soon after.
NEARLY = 0.8


@dataclass(frozen=True)
class Run:
    """One counted trial. `at` is what it had used when its verdict was fixed, `end` what it used in all.

    `reading` is `passed` or `failed` for a trial that met no ceiling, else what its probe says. `factor` is how much
    more of its limit it then had (1: it was not let go on).
    """

    reading: str
    limit: str | None
    why: str | None
    at: Mapping[str, int]
    end: Mapping[str, int]
    budgets: Mapping[str, Any]
    factor: float

    @property
    def passed(self) -> bool:
        """Under its budgets or past them."""
        return self.reading in ("passed", "confirmed")

    def reach(self, axis: str) -> int:
        """The largest budget that this trial says something about."""
        given = int(self.budgets.get(axis, 0))
        return max(self.end[axis], round(given * self.factor) if self.limit == axis else given)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Run:
        at = {axis: int(record[axis]) for axis in AXES}
        limit = LIMITS.get((record["ceiling"], record["detail"])) if record["outcome"] == "failed" else None
        probe = record.get("probe") if limit else None
        if limit is None:
            reading, why = ("passed" if record["outcome"] == "passed" else "failed"), None
        else:
            reading, why = (probe["reads"], probe["why"]) if probe else ("unresolved", "not_probed")
        return cls(
            reading,
            limit,
            why,
            at,
            {axis: int(probe["used"][axis]) for axis in AXES} if probe else at,
            record.get("budgets") or {},
            float(probe["factor"]) if probe else 1.0,
        )


def ceilings(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """All that the counted trials of one canary in one cell say about its budgets."""
    tried = [Run.from_record(record) for record in records]
    found = diagnose(tried)
    met = sum(found["verdicts"].values())
    return found | {
        "passes_beyond": proportion(found["verdicts"]["confirmed"], met),
        "curve": {axis: curve(tried, axis) for axis in AXES},
    }


def diagnose(tried: Sequence[Run]) -> dict[str, Any]:
    """`verdict`, which `limit` was met first, how turns and tokens hang together, and which budgets to give.

    The verdict is `confirmed` (larger budgets pass), `fits` (none stands in the way), `capability` (larger ones would
    not help) or `unresolved`.
    """
    counts = Counter(run.reading for run in tried)
    verdict = _verdict(counts)
    return {
        "trials": len(tried),
        "passed": counts["passed"],
        "failed": counts["failed"],
        "verdicts": {reading: counts[reading] for reading in READINGS},
        "unresolved_why": dict(sorted(Counter(str(run.why) for run in tried if run.reading == "unresolved").items())),
        "verdict": verdict,
        "limit": _limit(tried),
        "met": _met(tried),
        "needed": _needed(tried),
        "tokens_per_turn": _tokens_per_turn(tried),
        "budgets": _budgets(tried),
        "recommended": _recommended(tried, verdict),
    }


def _verdict(counts: Mapping[str, int]) -> str:
    """One pass past a ceiling proves that larger budgets pass; one failure there says nothing of the next try."""
    failures = counts["capability"] + counts["failed"]
    if counts["confirmed"]:
        return "confirmed"
    if counts["passed"]:
        return "unresolved" if counts["unresolved"] > counts["passed"] + counts["capability"] else "fits"
    enough = failures >= FEWEST_FAILURES and failures > counts["unresolved"]
    return "capability" if enough else "unresolved"


def _limit(tried: Sequence[Run]) -> str | None:
    """The limit that was met first: most often where more of it passed, else most often at all."""
    confirmed = [run.limit for run in tried if run.reading == "confirmed"]
    met = Counter(limit for limit in confirmed or [run.limit for run in tried] if limit)
    order = list(LIMITS.values())
    return min(met, key=lambda limit: (-met[limit], order.index(limit)), default=None)


def _met(tried: Sequence[Run]) -> dict[str, dict[str, Any]]:
    """Per limit that ended trials: how many, and which share of the turns and of the tokens was used by then.

    Turns at their end with few tokens are many short ones: more turns will do. With most of the tokens gone they were
    long, and more turns alone would only meet the next limit.
    """
    found = {}
    for limit in LIMITS.values():
        here = [run for run in tried if run.limit == limit]
        if here:
            found[limit] = {"trials": len(here)} | {f"{axis}_share": _share(here, axis) for axis in AXES}
    return found


def _share(here: Sequence[Run], axis: str) -> float | None:
    shares = [run.at[axis] / run.budgets[axis] for run in here if run.budgets.get(axis)]
    return round(median(shares), 3) if shares else None


def _needed(tried: Sequence[Run]) -> dict[str, int]:
    """Of what passed past a ceiling: of which budget it took more (neither: of a reply's length, or of the time)."""
    over = [
        tuple(axis for axis in AXES if run.budgets.get(axis) and run.end[axis] > run.budgets[axis])
        for run in tried
        if run.reading == "confirmed"
    ]
    return {
        "turns": over.count(("turns",)),
        "generated_tokens": over.count(("generated_tokens",)),
        "both": over.count(AXES),
        "neither": over.count(()),
    }


def _tokens_per_turn(tried: Sequence[Run]) -> dict[str, float] | None:
    values = [run.end["generated_tokens"] / run.end["turns"] for run in tried if run.end["turns"]]
    if not values:
        return None
    return {"median": round(median(values), 1), "low": round(min(values), 1), "high": round(max(values), 1)}


def _budgets(tried: Sequence[Run]) -> dict[str, Any]:
    """What the trials were given; one canary in one cell has one set of budgets."""
    return dict(tried[0].budgets) if tried else {}


def _recommended(tried: Sequence[Run], verdict: str) -> dict[str, Any]:
    """Budgets for the next sweep. `used` is what they are read off, `beyond_observed` those no trial was run under."""
    given = _budgets(tried)
    budgets: dict[str, Any] = {axis: given.get(axis) for axis in AXES}
    used: dict[str, int | None] = dict.fromkeys(AXES)
    beyond = []
    passes = [run for run in tried if run.passed]
    if passes and verdict in ("confirmed", "fits"):
        for axis in AXES:
            used[axis] = enough = _within(SHARE, [run.end[axis] for run in passes])
            budgets[axis] = max(given.get(axis) or 0, math.ceil(enough * MARGIN))
            if budgets[axis] > max(run.reach(axis) for run in tried):
                beyond.append(axis)
    for limit in ("completion_tokens", "wall_clock_seconds"):
        # What a single reply or the time would have needed is not recorded: what it passed under is.
        passed = [run for run in passes if run.limit == limit]
        if passed:
            budgets[limit] = round(given[limit] * max(run.factor for run in passed))
    changed = sorted(name for name, value in budgets.items() if value != given.get(name))
    return {**budgets, "used": used, "changed": changed, "beyond_observed": beyond, "why": _why(verdict, changed)}


def _within(share: float, values: Sequence[int]) -> int:
    """The smallest of the values that at least this share of them does not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def _why(verdict: str, changed: Sequence[str]) -> str:
    if verdict == "confirmed":
        return "more_passes"
    if verdict == "fits":
        return "too_near" if changed else "enough"
    return {"capability": "more_is_wasted", "unresolved": "not_known"}[verdict]
