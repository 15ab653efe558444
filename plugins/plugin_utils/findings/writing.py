# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards and the decision as files, each of them whole or not there."""

from __future__ import annotations

import contextlib
import gc
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ...module_utils.files import write_whole
from .card import build_card, card_name
from .comparison import compare
from .comparison_pages import render_comparison_html, render_comparison_markdown
from .decision import decide
from .headline import headline
from .html import render_html
from .markdown import render_markdown
from .trials import every_trial

DECISION_NAME = "decision.yml"
COMPARISON_NAME = "comparison"
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


def write_reports(
    summary: Mapping[str, Any],
    folder: Path | str,
    write: Write = write_file,
    before: Mapping[str, Any] | None = None,
    elsewhere: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Write card-<model>, comparison (.json, .md and .html) and decision.yml into `folder`, or hand them to `write`.

    The comparison is with the summaries of the generation `before` and of other sweeps' newest generations.
    Returns `cards` (model → format → path), `comparison` (format → path), `decision` (path), `decisions` (as in the
    file) and `headlines` (model → lines).
    """
    folder = Path(folder)
    cards, paths = [], {}
    with _collected_card_by_card() as collect:
        for card in _cards(summary):
            paths[card["model"]["name"]] = _write_card(card, folder, write)
            cards.append(card | {"trials": []})
            collect()
    decision = decide(cards, summary["sweep"])
    page = compare(
        cards, _assessed(before) if before else (), [found for one in elsewhere if (found := _assessed(one))]
    )
    return {
        "cards": paths,
        "comparison": _write_comparison(page, folder, write),
        "decision": _write(folder / DECISION_NAME, decision_text(decision), write),
        "decisions": decision["decisions"],
        "headlines": {card["model"]["name"]: headline(card) for card in cards},
    }


@contextlib.contextmanager
def _collected_card_by_card() -> Iterator[Callable[[], object]]:
    """Looking for cycles among the rows of very many trials takes longer than drawing a card, and finds none there."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield gc.collect
    finally:
        if was_enabled:
            gc.enable()


def _cards(summary: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One at a time, so that the trials of one model at most are there as a list."""
    trials = every_trial(summary)
    for model in summary["models"]:
        yield build_card(summary, model, summary["sweep"]["good_enough"], trials)


def _assessed(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a comparison needs of another generation's cards."""
    cards = [card | {"trials": []} for card in _cards(summary)]
    for card in cards:
        card["measured"] = {**card["measured"], "trials": {}}
    return cards


def _write_card(card: Mapping[str, Any], folder: Path, write: Write) -> dict[str, str]:
    texts = {"json": card_text(card), "md": render_markdown(card), "html": render_html(card)}
    return _write_all(folder, card_name(card["model"]["name"]), texts, write)


def _write_comparison(page: Mapping[str, Any], folder: Path, write: Write) -> dict[str, str]:
    text = json.dumps(page, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    texts = {"json": text, "md": render_comparison_markdown(page), "html": render_comparison_html(page)}
    return _write_all(folder, COMPARISON_NAME, texts, write)


def card_text(card: Mapping[str, Any]) -> str:
    """The card as JSON: indented, but for the trials, one a line, of which there may be very many."""
    short = {**card, "trials": [], "measured": {**card["measured"], "trials": {}}}
    text = json.dumps(short, indent=2, ensure_ascii=False, allow_nan=False)
    # No string holds a quote that is not escaped, so these are only found between two rows.
    trials = _lines(_compact(card["trials"]), '}, {"', "\n    ")
    numbers = _lines(_compact(card["measured"]["trials"]), '}, "', "\n      ")
    text = text.replace('\n  "trials": []', f'\n  "trials": {trials}', 1)
    return text.replace('\n    "trials": {}', f'\n    "trials": {numbers}', 1) + "\n"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _lines(rows: str, between: str, indent: str) -> str:
    """A line for each row of a compact list or mapping."""
    if len(rows) == 2:
        return rows
    inner = rows[1:-1].replace(between, between.replace(" ", indent))
    return f"{rows[0]}{indent}{inner}{indent[:-2]}{rows[-1]}"


def _write_all(folder: Path, name: str, texts: Mapping[str, str], write: Write) -> dict[str, str]:
    return {ending: _write(folder / f"{name}.{ending}", text, write) for ending, text in texts.items()}


def _write(path: Path, text: str, write: Write) -> str:
    write(path, text.encode())
    return str(path)
