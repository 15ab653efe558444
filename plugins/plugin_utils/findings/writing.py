# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards and the decision as files, each of them whole or not there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ...module_utils.files import write_whole
from .card import build_card, card_name
from .decision import decide
from .headline import headline
from .html import render_html
from .markdown import render_markdown

DECISION_NAME = "decision.yml"
DECISION_HEAD = (
    "# What to deploy, per duty and tier. Written from the store; the finding cards are in the sweep's reports.\n"
)

Write = Callable[[Path, bytes], None]


@cache
def _yaml() -> Any:
    import yaml

    return yaml


def write_file(path: Path, content: bytes) -> None:
    """Whole or not there, in a folder that is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def decision_text(decision: Mapping[str, Any]) -> str:
    """decision.yml. Through JSON: what appears twice is written twice, not as a YAML anchor."""
    plain = json.loads(json.dumps(decision))
    return DECISION_HEAD + str(_yaml().safe_dump(plain, sort_keys=False, allow_unicode=True, width=120))


def write_reports(summary: Mapping[str, Any], folder: Path | str, write: Write = write_file) -> dict[str, Any]:
    """Write card-<model>.json, .md and .html and decision.yml into `folder`, or hand them to `write`.

    Returns `cards` (model → format → path), `decision` (path), `decisions` (as in the file) and `headlines`
    (model → lines).
    """
    folder = Path(folder)
    duties = summary["sweep"]["good_enough"]
    cards = [build_card(summary, model, duties) for model in summary["models"]]
    paths = {card["model"]["name"]: _write_card(card, folder, write) for card in cards}
    decision = decide(cards, summary["sweep"])
    return {
        "cards": paths,
        "decision": _write(folder / DECISION_NAME, decision_text(decision), write),
        "decisions": decision["decisions"],
        "headlines": {card["model"]["name"]: headline(card) for card in cards},
    }


def _write_card(card: Mapping[str, Any], folder: Path, write: Write) -> dict[str, str]:
    name = card_name(card["model"]["name"])
    texts = {
        "json": json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "md": render_markdown(card),
        "html": render_html(card),
    }
    return {ending: _write(folder / f"{name}.{ending}", text, write) for ending, text in texts.items()}


def _write(path: Path, text: str, write: Write) -> str:
    write(path, text.encode())
    return str(path)
