# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed since the generation before, and whether that is real.

The same config is compared with itself, canary by canary, on canaries that are still the same. Where the stack differs
too, only the baseline that was run on both (the anchor) can tell a change of the stack from one of anything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..stats import Stratum, difference, stratified_p_value
from .basis import CANARY, changed, of_stack

# Of calling any change real that is none, over the whole table.
RISK = 0.05

Card = Mapping[str, Any]
Row = Mapping[str, Any]


def since(cards: Sequence[Card], lines: Sequence[Mapping[str, Any]], before: Sequence[Card]) -> dict[str, Any]:
    """`changes` in the order of the lines, and the models that are there no more (`gone`)."""
    now = {card["model"]["name"]: card for card in cards}
    then = {card["model"]["name"]: card for card in before}
    changes = [_change(now[line["model"]], then.get(line["model"]), line) for line in lines]
    tests = sum(1 for one in changes if one["p_value"] is not None)
    for one in changes:
        one["verdict"] = _verdict(one, RISK / max(1, tests) / one["picked_from"])
    return {
        "generation": before[0]["generation"],
        "risk_per_change": RISK / max(1, tests),
        "changes": changes,
        "gone": sorted(then.keys() - now.keys()),
    }


def _change(card: Card, earlier: Card | None, line: Mapping[str, Any]) -> dict[str, Any]:
    host_class = line["host_class"]
    row = next((one for one in card["cells"] if one["id"] == line["cell"]), None)
    same = _same(earlier, host_class, row) if earlier and row else None
    parts = changed(earlier["measured"]["basis"], card["measured"]["basis"]) if earlier else {}
    canaries = sorted(name.removeprefix(CANARY) for name in parts if name.startswith(CANARY))
    found = _compared(row, same, canaries) if row and same else None
    base, base_then = _baseline(card, host_class), _baseline(earlier, host_class) if earlier else None
    anchor = _compared(base, base_then, canaries) if base and base_then else None
    return {
        "model": line["model"],
        "host_class": host_class,
        "label": line["label"],
        "picked_from": _picked_from(card, row),
        "then": same["pass_rate"] if same else None,
        "now": row["pass_rate"] if row else None,
        "difference": found["difference"] if found else None,
        "low": found["low"] if found else None,
        "high": found["high"] if found else None,
        "p_value": found["p_value"] if found else None,
        "canaries": found["strata"] if found else 0,
        "other_canaries": canaries,
        "other_model": any(name in parts for name in ("model", "model file")),
        "stack": {part: list(values) for part, values in of_stack(parts, host_class).items()},
        "is_anchor": bool(row and row["baseline"]),
        "anchor": anchor,
    }


def _picked_from(card: Card, row: Row | None) -> int:
    """The best of so many measured cells was probably lucky, and its own past is likely to look worse; a baseline was
    named before anything ran."""
    if row is None or row["baseline"]:
        return 1
    return max(1, sum(1 for one in card["cells"] if one["pass_rate"]["of"]))


def _same(earlier: Card, host_class: str, row: Row) -> Row | None:
    """The cell of the same config: ids differ from generation to generation."""
    return next(
        (
            one
            for one in earlier["cells"]
            if one["host_class"] == host_class and (one["load"], one["chat"]) == (row["load"], row["chat"])
        ),
        None,
    )


def _baseline(card: Card, host_class: str) -> Row | None:
    return next((one for one in card["cells"] if one["baseline"] and one["host_class"] == host_class), None)


def _compared(row: Row, then: Row, other_canaries: Sequence[str]) -> dict[str, Any] | None:
    old = {one["canary"]: one for one in then["canaries"] if one["canary"] not in other_canaries}
    strata = [
        Stratum(one["passed"], one["counted"], old[one["canary"]]["passed"], old[one["canary"]]["counted"])
        for one in row["canaries"]
        if one["canary"] in old
    ]
    found = difference(strata)
    return found and found | {"p_value": stratified_p_value(strata)}


def _verdict(change: Mapping[str, Any], risk: float) -> str:
    """`new`, `other_model`, `not_comparable`, `stack`, `real` or `chance`."""
    if change["then"] is None:
        return "new"
    if change["other_model"]:
        return "other_model"
    if change["difference"] is None or (change["stack"] and change["anchor"] is None):
        return "not_comparable"
    if change["stack"] and _is_real(change["anchor"], risk):
        return "stack"
    return "real" if _is_real(change, risk) else "chance"


def _is_real(compared: Mapping[str, Any], risk: float) -> bool:
    return compared["p_value"] is not None and compared["p_value"] <= risk
