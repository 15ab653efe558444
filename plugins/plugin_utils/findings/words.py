# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How numbers and names read to a person: one place, so that the page, the text and the terminal say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ..stats import proportion

NONE = "–"
# What is longer is a digest.
LONGEST_VERSION = 24

VERDICTS = {
    "good_enough": "good enough",
    "not_shown": "not shown yet",
    "not_good_enough": "not good enough",
    "not_measured": "not measured",
    "interim": "interim",
    "no_canaries": "no canary for it",
    "no_duty": "no duty asked for",
}

ENDINGS = {
    "passed": "passed",
    "handed_over": "handed over",
    "capability": "capability",
    "turns": "turn limit",
    "tokens": "token limit",
    "wall_clock": "time limit",
    "interface": "engine's template or parser",
    "void": "void",
    "open": "not run",
}

CHANGES = {
    "new": "not measured then",
    "other_model": "another model file under this name",
    "not_comparable": "not comparable",
    "stack": "not to be told from the stack's",
    "real": "real",
    "chance": "chance could make it",
}

# Why a trial is in no denominator, as in `12 void`.
LEFT_OUT = {
    "warm_up": "warm-up",
    "anchor": "anchor",
    "void": "void",
    "interface": "broken by the engine's template or parser",
    "not_applied": "whose factor did not take effect",
    "drift": "in a block whose speed drifted",
    "repeat": "with the very generations of an earlier one",
}

STATE_TEXT = {
    "smoke_failed": "failed its smoke test and was not swept",
    "infeasible": "does not fit this host and was not run",
    "factor_not_applied": "did not take effect on this engine and was refused",
    "unstable": "was void too often to be trusted",
    "stopped_early": "was stopped early",
    "budget_spent": "ran out of the sweep's budget",
    "open": "is not finished",
}


def percent(value: float | None) -> str:
    """0.8333 → `83 %`; never rounded up to a certainty."""
    if value is None:
        return NONE
    points = round(value * 100)
    if points == 0 and value > 0:
        return "<1 %"
    if points == 100 and value < 1:
        return ">99 %"
    return f"{points} %"


def interval(rate: Mapping[str, Any] | None) -> str:
    """`44–100 %`, or a dash when nothing was measured."""
    if not rate or rate.get("low") is None:
        return NONE
    return f"{round(rate['low'] * 100)}–{round(rate['high'] * 100)} %"


def rate_text(rate: Mapping[str, Any]) -> str:
    """`5 of 6 (83 %, 95 % interval 44–97 %)`."""
    if not rate["of"]:
        return "no counted trial"
    return f"{rate['count']} of {rate['of']} ({percent(rate['rate'])}, 95 % interval {interval(rate)})"


def share(passed: int, of: int) -> str:
    """`3/3, 44–100 %`: a few trials never without how little they show."""
    return f"{passed}/{of}, {_interval_of(passed, of)}" if of else f"{passed}/{of}"


@lru_cache(maxsize=4096)
def _interval_of(passed: int, of: int) -> str:
    return interval(proportion(passed, of))


def number(value: float | None) -> str:
    """Three significant digits below 100, whole and grouped above."""
    if value is None:
        return NONE
    if abs(value) >= 100:
        return f"{round(value):,}".replace(",", "\u202f")
    text = f"{value:.3g}"
    return text if "e" not in text else f"{value:.3f}"


def spread_text(values: Mapping[str, Any] | None, unit: str = "") -> str:
    """`412 (380–901)`: median and its interval, and of one value that it is one."""
    if not values:
        return NONE
    suffix = f" {unit}" if unit else ""
    if values["of"] == 1:
        return f"{number(values['median'])}{suffix} (once)"
    if values["low"] == values["high"]:
        return f"{number(values['median'])}{suffix}"
    return f"{number(values['median'])} ({number(values['low'])}–{number(values['high'])}){suffix}"


def size(byte_count: float | None) -> str:
    """Bytes as GiB or MiB."""
    if byte_count is None:
        return NONE
    gibibytes = byte_count / 2**30
    return f"{gibibytes:.1f} GiB" if gibibytes >= 1 else f"{byte_count / 2**20:.0f} MiB"


def parameters(count: float | None) -> str:
    """134515008 → `135 M`."""
    if not count:
        return NONE
    return f"{count / 1e9:.3g} B" if count >= 1e9 else f"{count / 1e6:.3g} M"


def short(digest: object) -> str:
    """The first twelve characters of a digest: enough to recognise, the JSON has the whole."""
    return str(digest)[:12] if digest else NONE


def plain(value: object) -> str:
    """A level as the user wrote it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def points(value: float | None) -> str:
    """0.123 → `+12 points`."""
    if value is None:
        return NONE
    count = round(value * 100)
    return f"{count:+d} point{'' if abs(count) == 1 else 's'}" if count else "0 points"


def change_notes(change: Mapping[str, Any]) -> list[str]:
    """What must be said beside a change: other canaries, another stack, and what the baseline run on both says."""
    notes = []
    if change["other_canaries"]:
        notes.append(f"left out, for they are others now: {listing(change['other_canaries'])}")
    if change["stack"]:
        parts = [f"{part} {_version(then)} → {_version(now)}" for part, (then, now) in change["stack"].items()]
        notes.append(f"the comparison crosses stacks ({', '.join(parts)})")
        notes.append(_anchor_note(change))
    return notes


def _version(value: str) -> str:
    return value if len(value) <= LONGEST_VERSION else short(value)


def _anchor_note(change: Mapping[str, Any]) -> str:
    anchor = change["anchor"]
    if anchor is None:
        return "no baseline was run on both"
    told = "nothing to tell apart" if anchor["p_value"] is None else f"p = {anchor['p_value']:.2g}"
    said = f"{points(anchor['difference'])} ({points(anchor['low'])} to {points(anchor['high'])}), {told}"
    return "this is the baseline, run on both" if change["is_anchor"] else f"the baseline, run on both: {said}"


def against(predicted: float | None, measured: float | None) -> str:
    """`+12 %`: how far a measurement lies from what was predicted."""
    if not predicted or measured is None:
        return NONE
    return f"{round((measured / predicted - 1) * 100):+d} %"


def numbers_text(values: Mapping[str, Any] | None) -> str:
    """`prefill tokens per second 812, reused 0.97`, of what are numbers."""
    known = {name: one for name, one in (values or {}).items() if isinstance(one, int | float)}
    return ", ".join(f"{name.replace('_', ' ')} {_plain_number(one)}" for name, one in known.items())


def smoke_text(check: Mapping[str, Any]) -> str:
    """What a smoke check saw and measured."""
    return "; ".join(filter(None, (check.get("detail"), numbers_text(check.get("numbers")))))


def _plain_number(value: float) -> str:
    return plain(value) if isinstance(value, bool) else number(value)


def settings(values: Mapping[str, Any]) -> str:
    """`temperature 0.3, top_p 0.9`."""
    return ", ".join(f"{key} {plain(value)}" for key, value in values.items()) or "engine defaults"


def ending_text(ceiling: str | None, detail: str | None) -> str:
    """`tokens: completion`, `declared done early`."""
    if ceiling == "capability" and detail:
        return detail.replace("_", " ")
    named = ENDINGS.get(ceiling or "", ceiling or "")
    return f"{named}: {detail.replace('_', ' ')}" if detail else named


def left_out_text(counts: Mapping[str, int]) -> str:
    """`2 void and 1 anchor`; empty where every trial counts."""
    return listing([f"{counts[reason]} {text}" for reason, text in LEFT_OUT.items() if counts[reason]])


def plural(count: int, thing: str, things: str | None = None) -> str:
    """`1 trial`, `2 trials`."""
    return f"{count} {thing if count == 1 else things or thing + 's'}"


def listing(things: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(things) < 2:
        return "".join(things)
    return f"{', '.join(things[:-1])} and {things[-1]}"
