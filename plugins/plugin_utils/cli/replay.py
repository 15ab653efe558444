# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab replay`: a trial again, turn by turn, from its transcript."""

from __future__ import annotations

import difflib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from ...module_utils.errors import LabError
from ..agent.replay import Event, Log, calls, messages_at, parse
from .replay_view import View

TRANSCRIPT = "transcript.jsonl"
NEAR = 3


@dataclass(frozen=True)
class ReplayRequest:
    """`trial` is an id, the beginning of one, or a path of a transcript or its folder. `turn` and `sent` are turns."""

    trial: str
    home: Path
    attempt: int | None
    turn: int | None
    sent: int | None
    json: bool


def replay(request: ReplayRequest) -> int:
    """Show it, whole or one turn of it; returns the exit code."""
    path, note = _found(request)
    log = parse(path.read_bytes())
    view = View()
    if request.sent is not None:
        _check(request.sent, calls(log.events))
        view.raw(json.dumps(messages_at(log.events, request.sent), indent=2))
    else:
        for event in _wanted(log, request.turn):
            if request.json:
                view.raw(json.dumps(event))
            else:
                view.show(event)
    for line in [note, _torn(path, log)]:
        if line:
            print(f"lab: {line}", file=sys.stderr)
    return 0


def _wanted(log: Log, turn: int | None) -> list[Event]:
    if turn is None:
        return log.events
    _check(turn, calls(log.events))
    return [event for event in log.events if event.get("turn") == turn]


def _check(turn: int, last: int) -> None:
    if turn > last:
        raise LabError(f"The transcript has no turn {turn}.", f"its last is {last}" if last else "it breaks off before")


def _torn(path: Path, log: Log) -> str | None:
    if log.torn_line is not None:
        return f"{path} breaks off in line {log.torn_line}: the attempt was killed while it was written"
    if not log.events or log.events[-1]["event"] != "verdict":
        return f"{path} has no verdict: the attempt is still running, or was killed"
    return None


def _found(request: ReplayRequest) -> tuple[Path, str | None]:
    """The transcript, and what is to be said about the choice."""
    named = Path(request.trial)
    if named.exists() and (named.is_file() or (named / TRANSCRIPT).is_file()):
        if request.attempt is not None:
            raise LabError(f"{named} is one attempt.", "leave out --attempt, or name the trial by its id")
        return (named if named.is_file() else named / TRANSCRIPT), None
    return _attempt(_trial(request), request.attempt)


def _trial(request: ReplayRequest) -> Path:
    top = request.home / "trials"
    if not top.is_dir():
        raise LabError(f"There are no trials in {request.home}.", "name the lab's folder with --home, or sweep first")
    trials = {path.name: path for path in top.glob("*/*") if path.is_dir()}
    matches = sorted(name for name in trials if request.trial and name.startswith(request.trial))
    if request.trial in trials:
        return trials[request.trial]
    if len(matches) > 1:
        raise LabError(f"{len(matches)} trials begin with {request.trial}.", f"name one: {_some(matches)}")
    if not matches:
        near = difflib.get_close_matches(request.trial, trials, NEAR, 0.0)
        remedy = f"near it: {_some(near)}; all are in {top}" if near else "sweep first"
        raise LabError(f"There is no trial {request.trial!r} in {top}.", remedy)
    return trials[matches[0]]


def _attempt(trial: Path, wanted: int | None) -> tuple[Path, str | None]:
    """The last attempt where none is asked for: it is the one that counts."""
    attempts = {int(path.name): path / TRANSCRIPT for path in trial.iterdir() if path.name.isdecimal()}
    attempts = {number: path for number, path in attempts.items() if path.is_file()}
    there = ", ".join(map(str, sorted(attempts)))
    if not attempts:
        raise LabError(f"The trial {trial.name} has no transcript.", "it was killed before its first turn; sweep again")
    if wanted is not None and wanted not in attempts:
        raise LabError(f"The trial {trial.name} has no attempt {wanted}.", f"its attempts with a transcript: {there}")
    chosen = max(attempts) if wanted is None else wanted
    note = f"attempt {chosen} of {there}; another one with --attempt" if len(attempts) > 1 and wanted is None else None
    return attempts[chosen], note


def _some(names: list[str]) -> str:
    return ", ".join(names[:NEAR]) + (", …" if len(names) > NEAR else "")
