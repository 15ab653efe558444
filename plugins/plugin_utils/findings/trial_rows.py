# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model's trials as a card lists them: column by column, for there may be a hundred thousand."""

from __future__ import annotations

import math
from typing import Any

from ..stats import tidy
from .cells import MEASURED
from .words import ending_text

AS_THEY_ARE = ("seed", "ending", "detail", "left_out", "would_pass", "submitted", "visible_tests")
WHOLE = ("turns", "generated_tokens", "prompt_tokens")


def trial_rows(table: Any) -> list[dict[str, Any]]:
    """Every trial, planned ones too: what the plan and the model made of it, and nothing that two runs differ in."""
    names = ("id", "attempt", "cell", "canary", "replicate", "purpose", "stage")
    columns = {name: table[name] for name in (*names, *AS_THEY_ARE)} | {
        "text": [_ending(ending, detail) for ending, detail in zip(table["ending"], table["detail"], strict=True)],
        "probe": table["probe_reads"],
        "counted": table["counted"].tolist(),
        **{name: _whole(table[name]) for name in WHOLE},
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _whole(numbers: Any) -> list[int | None]:
    return [None if math.isnan(number) else int(number) for number in numbers.tolist()]


def _ending(ending: str, detail: str | None) -> str:
    return ending_text(ending, None if ending in ("passed", "open") else detail)


def measured_trials(table: Any) -> dict[str, dict[str, Any]]:
    """What two runs of one sweep may differ in: speeds, and which of a class's hosts it was."""
    ran = table[table["ran"]]
    numbers = {name: [tidy(value) for value in ran[name].tolist()] for name in MEASURED}
    names = ("host", *numbers)
    return {
        trial: dict(zip(names, row, strict=True))
        for trial, *row in zip(ran["id"], ran["host"], *numbers.values(), strict=True)
    }
