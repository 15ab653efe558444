# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A card in at most five lines, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .words import spread_text


def headline(card: Mapping[str, Any]) -> list[str]:
    """Recommendation, evidence, what stood in the way, cost, biggest caveat."""
    recommendation = card["recommendation"]
    lines = [f"{card['model']['name']}: {recommendation['headline']}."]
    lines += [" ".join(recommendation["sentences"][:2])] if recommendation["sentences"] else []
    lines += [card["ceilings"]["sentence"]] if card["ceilings"] and card["ceilings"]["sentence"] else []
    lead = next((row for row in card["cells"] if row["id"] == recommendation["cell"]), None)
    if lead:
        speed = card["measured"]["cells"].get(lead["id"], {}).get("generated_tokens_per_second")
        lines.append(
            f"Per trial, {lead['label']}: {spread_text(lead['generated_tokens'])} tokens, "
            f"{spread_text(lead['turns'])} turns, {spread_text(speed)} tokens/s."
        )
    if recommendation["caveat"]:
        lines.append(f"Biggest caveat: {recommendation['caveat']}")
    return lines
