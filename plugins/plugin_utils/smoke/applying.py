# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cells of a block need no trial, since what they would vary was shown to do nothing. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def not_applied(
    cell: Mapping[str, Any], checks: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]
) -> str | None:
    """Why this cell's config does not take effect; None where nothing speaks against it."""
    found = {check["name"]: check for check in checks}
    factor = cell["factor"]
    if factor == "temperature" and _held(found, "temperature") is False:
        return f"the temperature does nothing here: {found['temperature']['detail']}"
    if factor is not None and factor in settings:
        return f"the block is run with {factor} {settings[factor]}, since what was asked for does not work here"
    return _no_reasoning(cell, found)


def _no_reasoning(cell: Mapping[str, Any], found: Mapping[str, Mapping[str, Any]]) -> str | None:
    level = cell["chat"].get("reasoning")
    if level is None or _held(found, "reasoning") is not False:
        return None
    numbers, detail = found["reasoning"]["numbers"], found["reasoning"]["detail"]
    is_off = level in (False, "off")  # YAML reads a bare off as a boolean
    # A model that never reasons does what `off` asks for, but then it is no change.
    in_vain = numbers["off"] != 0 if is_off else not numbers["on"]
    if in_vain or (cell["factor"] == "reasoning" and not numbers["on"]):
        return f"the reasoning switch does nothing here: {detail}"
    return None


def _held(found: Mapping[str, Mapping[str, Any]], name: str) -> bool | None:
    return found[name]["numbers"]["held"] if name in found else None
