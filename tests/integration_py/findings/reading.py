# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests read on a card; every card they read is valid and fit for JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from ansible_collections.local_llm.lab.plugins.plugin_utils import findings
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import build_card

SCHEMA = json.loads((Path(findings.__file__).parent / "card.schema.json").read_text())


def card_of(summary: dict[str, Any]) -> dict[str, Any]:
    card = build_card(summary, next(iter(summary["models"])), summary["sweep"]["good_enough"])
    jsonschema.validate(card, SCHEMA)
    json.dumps(card, allow_nan=False)
    return card


def baseline(card: dict[str, Any]) -> dict[str, Any]:
    return next(row for row in card["cells"] if row["baseline"])


def left_out(row: dict[str, Any]) -> dict[str, int]:
    """The reasons that hold for any trial of the cell, and for how many."""
    return {reason: count for reason, count in row["left_out"].items() if count}
