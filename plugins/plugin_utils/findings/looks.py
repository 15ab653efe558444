# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which levels are shown better: what the rule of replicates says at the end, and no second test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..sweep.adaptive import CellLook, Rule, Tally, look, words
from ..sweep.confirmation import CONFIRMATION
from ..sweep.definition import WRONG_ADOPTION
from ..sweep.looking import JUDGED


def cell_looks(summary: Mapping[str, Any], model: str, table: Any) -> dict[str, dict[str, Any]]:
    """By cell of this model: `state`, `words` and `numbers` of what is known of it beside its baseline.

    `table` is the model's part of `every_trial`. A confirmation cell is none of the levels that are looked at.
    """
    sweep = summary["sweep"]
    asked = {"most_replicates": sweep["replicates"], "wrong_adoption": WRONG_ADOPTION} | sweep
    rule = Rule.of(asked, summary["cells"])
    trials = ended(table)
    found: dict[str, dict[str, Any]] = {}
    for host_class in dict.fromkeys(cell["host_class"] for cell in summary["cells"]):
        cells = [
            cell
            for cell in summary["cells"]
            if (cell["model"], cell["host_class"]) == (model, host_class)
            and cell["factor"] != CONFIRMATION
            and cell["state"] in JUDGED
        ]
        if len(cells) > 1 and any(cell["factor"] is None for cell in cells):
            tallies = [
                Tally.of(
                    cell["id"], cell["factor"] is None, trials.get(cell["id"], ()), cell["state"] == "budget_spent"
                )
                for cell in cells
            ]
            found |= {one.cell: _told(one) for one in look(rule, tallies)}
    return found


def _told(one: CellLook) -> dict[str, Any]:
    return {"state": one.state, "words": words(one), "numbers": one.numbers}


def ended(table: Any) -> dict[str, list[tuple[str, int, bool | None]]]:
    """By cell, (canary, replicate, passed) of what has ended and measures; None where it does not count."""
    rows = table[(table["purpose"] == "measure") & ~table["left_out"].isin(["open", "drift"])]
    found: dict[str, list[tuple[str, int, bool | None]]] = {}
    for cell, *trial in _tuples(rows):
        found.setdefault(cell, []).append((trial[0], int(trial[1]), bool(trial[2]) if trial[3] else None))
    return found


def _tuples(rows: Any) -> Iterator[tuple[Any, ...]]:
    return zip(*(rows[name].tolist() for name in ("cell", "canary", "replicate", "passed", "counted")), strict=True)
