# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards and the decision as files, each of them whole or not there."""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
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
ROWS_AT_ONCE = 1000
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
    cards, paths = [], dict[str, dict[str, str]]()
    with _no_looking_for_cycles():
        for card in _cards(summary):
            with _drawing():
                paths[card["model"]["name"]] = _write_card(card, folder, write)
            cards.append(card | {"trials": []})
    decision = decide(cards, summary["sweep"])
    page = compare(
        cards, _assessed(before) if before else (), [found for one in elsewhere if (found := _assessed(one))]
    )
    return {
        "cards": paths,
        "comparison": _write_comparison(page, folder, write),
        "decision": _write(folder / DECISION_NAME, decision_text(decision).encode(), write),
        "decisions": decision["decisions"],
        "headlines": {card["model"]["name"]: headline(card) for card in cards},
    }


@contextlib.contextmanager
def _no_looking_for_cycles() -> Iterator[None]:
    """Among the rows of very many trials there are none, and looking takes longer than drawing a card."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextlib.contextmanager
def _drawing() -> Iterator[None]:
    """What a drawing leaves behind is full of cycles: collected, and nothing looked through that was there before."""
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()


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
    contents = {"json": card_json(card), "md": render_markdown(card).encode(), "html": render_html(card).encode()}
    return _write_all(folder, card_name(card["model"]["name"]), contents, write)


def _write_comparison(page: Mapping[str, Any], folder: Path, write: Write) -> dict[str, str]:
    contents = {
        "json": _indented(page) + b"\n",
        "md": render_comparison_markdown(page).encode(),
        "html": render_comparison_html(page).encode(),
    }
    return _write_all(folder, COMPARISON_NAME, contents, write)


def card_json(card: Mapping[str, Any]) -> bytes:
    """The card as JSON: indented, but for the trials, one a line, of which there may be very many."""
    text = _indented({**card, "trials": [], "measured": {**card["measured"], "trials": {}}})
    before, rest = text.split(b'\n  "trials": []', 1)
    between, after = rest.split(b'\n    "trials": {}', 1)
    trials = b'\n  "trials": ', *_lines(card["trials"], "[]", '}, {"', "\n    ")
    numbers = b'\n    "trials": ', *_lines(card["measured"]["trials"], "{}", '}, "', "\n      ")
    return b"".join([before, *trials, between, *numbers, after, b"\n"])


def _indented(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False).encode()


def _lines(rows: Collection[Any], brackets: str, between: str, indent: str) -> Iterator[bytes]:
    """A line for each row of a list or mapping, so many rows at once: no text of all of them is made on the way."""
    if not rows:
        yield brackets.encode()
        return
    # No string holds a quote that is not escaped, so this is only found between two rows.
    broken, begun = between.replace(" ", indent), brackets[0] + indent
    places = iter(rows.items() if isinstance(rows, Mapping) else rows)
    while some := list(itertools.islice(places, ROWS_AT_ONCE)):
        text = json.dumps(dict(some) if isinstance(rows, Mapping) else some, ensure_ascii=False, allow_nan=False)
        yield (begun + text[1:-1].replace(between, broken)).encode()
        begun = "," + indent
    yield (indent[:-2] + brackets[1]).encode()


def _write_all(folder: Path, name: str, contents: Mapping[str, bytes], write: Write) -> dict[str, str]:
    return {ending: _write(folder / f"{name}.{ending}", content, write) for ending, content in contents.items()}


def _write(path: Path, content: bytes, write: Write) -> str:
    write(path, content)
    return str(path)
