# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one smoke check comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

GATE, FINDING, MEASURE = "gate", "finding", "measure"


@dataclass(frozen=True)
class Check:
    """`ok` is false only where the check keeps the trials from running.

    `numbers` has the `kind`, and in `held` whether what was looked for is so: null where it could not be told.
    `detail` names no timings: those are numbers.
    """

    name: str
    ok: bool
    detail: str
    numbers: dict[str, Any] = field(default_factory=dict)


def gate(name: str, held: bool, detail: str, **numbers: Any) -> Check:
    """What no trial can do without: not held, it closes the block's cells."""
    return Check(name, held, detail, {"kind": GATE, "held": held, **numbers})


def finding(name: str, held: bool | None, detail: str, **numbers: Any) -> Check:
    """What is known about the model or the engine, and is for the card."""
    return Check(name, True, detail, {"kind": FINDING, "held": held, **numbers})


def measure(name: str, detail: str, **numbers: Any) -> Check:
    return Check(name, True, detail, {"kind": MEASURE, "held": True, **numbers})


def skipped(name: str, kind: str, why: str) -> Check:
    """Not made. A gate that could not be tried does not hold."""
    if kind == GATE:
        return gate(name, False, why)
    return Check(name, True, f"skipped: {why}", {"kind": kind, "held": None})
