# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first thing on a card: what to do with this model, in two or three sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..sweep.confirmation import CONFIRMATION
from .choice import NOT_ADOPTABLE
from .words import listing, plural, rate_text

# Where duties differ, the card's own verdict is the best of them.
ORDER = ("interim", "good_enough", "not_shown", "not_good_enough", "not_measured", "no_canaries", "no_duty")


def recommend(
    rows: Sequence[Mapping[str, Any]], assessments: Sequence[Mapping[str, Any]], interim: bool
) -> dict[str, Any]:
    """`verdict`, `cell` (the one spoken of, or None), `headline`, `sentences`."""
    measured = [row for row in rows if row["pass_rate"]["of"]]
    recorded, planned = sum(row["recorded"] for row in rows), sum(row["planned"] for row in rows)
    verdict = min((one["verdict"] for one in assessments), key=ORDER.index, default="no_duty")
    if not rows:
        verdict = "not_measured"
    elif interim:
        verdict = "interim"
    elif not measured:
        verdict = "not_measured"
    mine = [one for one in assessments if one["verdict"] == verdict]
    cell = _lead_cell(verdict, mine, measured)
    headline, sentences = {
        "interim": _interim,
        "good_enough": _good_enough,
        "not_shown": _not_shown,
        "not_good_enough": _not_good_enough,
        "not_measured": _not_measured,
        "no_canaries": _no_canaries,
        "no_duty": _no_duty,
    }[verdict](cell, mine, rows)
    if verdict == "interim":
        headline = f"Interim: {recorded} of {plural(planned, 'trial')} recorded, nothing is decided"
    return {"verdict": verdict, "cell": cell["id"] if cell else None, "headline": headline, "sentences": sentences}


def _lead_cell(
    verdict: str, mine: Sequence[Mapping[str, Any]], measured: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    if verdict not in ("interim", "no_canaries", "no_duty"):
        named = next((one["cell"] for one in mine if one["cell"]), None)
        found = next((row for row in measured if row["id"] == named), None)
        if found:
            return found
    return next((row for row in measured if row["baseline"]), measured[0] if measured else None)


def _duties(mine: Sequence[Mapping[str, Any]]) -> str:
    return listing([f"{one['duty']} on {one['tier']} hosts" for one in mine]) or "any duty"


def _why(mine: Sequence[Mapping[str, Any]], row: Mapping[str, Any]) -> list[str]:
    """What the cell did against what the first of these duties asks for."""
    texts: list[str] = next((cell["why"] for one in mine for cell in one["cells"] if cell["cell"] == row["id"]), [])
    return [f"On this suite, with {_the(row)}: {text}." for text in texts[:1]] + [
        f"{text[0].upper()}{text[1:]}." for text in texts[1:]
    ]


def _passed_text(row: Mapping[str, Any]) -> str:
    return f"On this suite, with {_the(row)}: passed {rate_text(row['pass_rate'])}."


def _kept(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A level that measured higher than the baseline that is kept: say so, and why it was not taken."""
    levels = [
        one
        for one in rows
        if one["host_class"] == row["host_class"]
        and one["factor"] != CONFIRMATION  # which ran on other canaries
        and one["state"] not in NOT_ADOPTABLE
        and (one["look"] or {}).get("state") != "efficacy"  # what it was not taken for stands with its duty
    ]
    higher = [one for one in levels if (one["pass_rate"]["rate"] or 0) > row["pass_rate"]["rate"]]
    if not row["baseline"] or not higher:
        return []
    named = listing([f"{one['label']} ({one['pass_rate']['count']} of {one['pass_rate']['of']})" for one in higher])
    return [f"{named[0].upper()}{named[1:]} measured higher, not shown to be better, so the baseline keeps its place."]


def _the(row: Mapping[str, Any]) -> str:
    return f"the {row['label']}" if row["baseline"] else str(row["label"])


def _good_enough(row: Any, mine: Any, rows: Any) -> tuple[str, list[str]]:
    labels = {one["id"]: _the(one) for one in rows}
    same = [one for one in mine if one["cell"] == row["id"]]
    others = [f"For {_duties([one])}: deploy {labels[one['cell']]}." for one in mine if one["cell"] != row["id"]]
    return f"Good enough for {_duties(same)}: deploy {_the(row)}", [*_why(same, row), *_kept(row, rows), *others]


def _not_shown(row: Any, mine: Any, rows: Any) -> tuple[str, list[str]]:
    headline = f"Promising for {_duties(mine)}, but not yet shown to be good enough"
    return headline, [*_why(mine, row), *_kept(row, rows)]


def _not_good_enough(row: Any, mine: Any, rows: Any) -> tuple[str, list[str]]:
    headline = f"Not good enough for {_duties(mine)}: do not deploy"
    counted, passed = (sum(one["pass_rate"][key] for one in rows) for key in ("of", "count"))
    if not passed:
        tried = [one for one in rows if one["pass_rate"]["of"]]
        where = "the one cell" if len(tried) == 1 else f"each of the {len(tried)} cells"
        failed_all = f"It failed every one of its {counted} counted trials on this suite, in {where} that ran."
        return headline, [failed_all, _passed_text(row)]
    return headline, ["This is the best of what was tried.", *_why(mine, row)]


def _not_measured(row: Any, mine: Any, rows: Any) -> tuple[str, list[str]]:
    if row is None:
        why = "no trial of this model could be counted" if rows else "no host of this sweep serves this model"
        return f"Not measured: {why}", []
    reasons = _why(mine, row) or ["A figure that was asked for is missing."]
    return f"Not measured for {_duties(mine)}: nothing to deploy", [_passed_text(row), *reasons]


def _no_canaries(row: Any, mine: Any, rows: Any) -> tuple[str, list[str]]:
    return "Measured, but on no canary of a duty that was asked for", [
        _passed_text(row),
        *dict.fromkeys(one["refused"] for one in mine),
    ]


def _no_duty(row: Any, mine: Any, rows: Any) -> tuple[str, list[str]]:
    asked_for_nothing = "The sweep file names no duty under good_enough, so there is nothing to be good enough for."
    return "Measured, but asked for no duty", [_passed_text(row), asked_for_nothing]


def _interim(row: Any, mine: Any, rows: Any) -> tuple[str, list[str]]:
    if row is None:
        return "", ["No trial has been counted yet."]
    return "", [
        f"So far, with {_the(row)}: {rate_text(row['pass_rate'])} on this suite.",
        "A rate read before the end is easily the wrong one: run the same command again to finish the generation.",
    ]
