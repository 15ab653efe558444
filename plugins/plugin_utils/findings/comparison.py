# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All models and host classes side by side: each with its best cell, in the order in which a decision would take them.

Rates are only ranked within one suite: other sweeps of the store stand in tables of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .basis import of_suite
from .choice import best, choose, mean_rate, shared
from .history import since
from .recommendation import ORDER

SCHEMA = "local_llm.lab/comparison/1"
FROM_CELL = (
    "label", "state", "load", "chat", "pass_rate", "confidently_wrong", "passes_every_time", "generated_tokens",
    "turns", "generated_tokens_per_pass",
)  # fmt: skip
MEASURED = ("generated_tokens_per_second", "ttft_seconds", "wall_seconds")

Card = Mapping[str, Any]


def compare(
    cards: Sequence[Card], before: Sequence[Card] = (), elsewhere: Sequence[Sequence[Card]] = ()
) -> dict[str, Any]:
    """The page as data, from the cards of one generation.

    `before` are those of the generation before it, `elsewhere` those of the newest generation of each other sweep.
    """
    lines, suite = _ranked(cards), of_suite(cards)
    return {
        "schema": SCHEMA,
        "sweep": cards[0]["sweep"],
        "generation": cards[0]["generation"],
        "interim": any(card["interim"] for card in cards),
        "suite": suite,
        "lines": lines,
        "since": since(cards, lines, before) if before else None,
        "elsewhere": [
            {
                "sweep": others[0]["sweep"],
                "generation": others[0]["generation"],
                "interim": any(card["interim"] for card in others),
                "same_suite": of_suite(others) == suite,
                "suite": of_suite(others),
                "lines": _ranked(others),
            }
            for others in elsewhere
        ],
        "measured": {
            "cells": {cell: numbers for group in (cards, *elsewhere) for cell, numbers in _measured(group)},
            "made_of": {
                f"{group[0]['sweep']}/{group[0]['generation']['number']}": group[0]["measured"]["completed_at"]
                or group[0]["measured"]["created_at"]
                for group in (cards, *([before] if before else []), *elsewhere)
            },
        },
    }


def _ranked(cards: Sequence[Card]) -> list[dict[str, Any]]:
    """A line per model and host class: first by its verdict, then by what a decision looks at next."""
    lines = [(_line(card, host), card) for card in cards for host in card["hosts"]]
    cells = {row["id"]: row for card in cards for row in card["cells"]}
    measured = [cells[line["cell"]] for line, _card in lines if line["cell"]]
    common = shared(measured, {one["canary"] for row in measured for one in row["canaries"]}) if measured else set()

    def place(line: Mapping[str, Any]) -> tuple[Any, ...]:
        verdict = min((ORDER.index(one["verdict"]) for one in line["duties"]), default=len(ORDER))
        if line["cell"] is None:
            return (verdict, 1)
        row = cells[line["cell"]]
        wrong, tokens = row["confidently_wrong"]["rate"] or 0.0, row["generated_tokens_per_pass"] or float("inf")
        return (verdict, 0, -mean_rate(row, common), wrong, tokens)

    return sorted((line for line, _card in lines), key=place)


def _line(card: Card, host: Mapping[str, Any]) -> dict[str, Any]:
    rows = [row for row in card["cells"] if row["host_class"] == host["host_class"]]
    duties = list(_duties(card, host, rows))
    lead = _lead(duties, rows)
    return {
        "model": card["model"]["name"],
        "host_class": host["host_class"],
        "tiers": host["tiers"],
        "cell": lead["id"] if lead else None,
        **{name: lead[name] if lead else None for name in FROM_CELL},
        "states": sorted({row["state"] for row in rows}),
        "duties": duties,
    }


def _duties(card: Card, host: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What the model came to here: a tier may have several host classes, and its verdict is that of the best."""
    ids = {row["id"] for row in rows}
    for one in card["duties"]:
        if one["tier"] not in host["tiers"]:
            continue
        cells = [cell for cell in one["cells"] if cell["cell"] in ids]
        choice = choose(cells, rows, one["canaries"])
        settled = one["verdict"] in ("interim", "no_canaries")
        yield {
            "duty": one["duty"],
            "tier": one["tier"],
            "verdict": one["verdict"] if settled else choice.verdict,
            "cell": None if settled else choice.cell,
        }


def _lead(duties: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    named = sorted((one for one in duties if one["cell"]), key=lambda one: ORDER.index(one["verdict"]))
    for one in named:
        return next(row for row in rows if row["id"] == one["cell"])
    measured = [row for row in rows if row["pass_rate"]["of"]]
    names = {one["canary"] for row in measured for one in row["canaries"]}
    return best(measured, names) if measured else None


def _measured(cards: Sequence[Card]) -> Iterator[tuple[str, dict[str, Any]]]:
    for card in cards:
        for row in card["cells"]:
            timings = card["measured"]["cells"].get(row["id"])
            if timings is None:
                continue
            loads = [
                load
                for load in card["measured"]["loads"]
                if (load["host_class"], load["load_digest"]) == (row["host_class"], row["load_digest"])
            ]
            sizes = [load["resident_bytes"] for load in loads if load["resident_bytes"] is not None]
            costs = card["measured"].get("costs", {}).get(row["id"])
            yield (
                row["id"],
                {name: timings[name] for name in MEASURED}
                | {
                    "resident_bytes": max(sizes, default=None),
                    "cost": costs,
                },
            )
