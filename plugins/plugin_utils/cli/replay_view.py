# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees of a transcript's events. An event this version does not know is shown as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ..outcome import Verdict

SHOWN_LINES = 24
SHOWN_CHARACTERS = 2000
ARGUMENT_CHARACTERS = 200
# What a model wrote must not steer the terminal, nor be what no terminal can print.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
PLAIN, DIM, THOUGHT, HEAD, CALL, RESULT = "", "dim", "dim italic", "bold", "green", "blue"
MARK, BAD, PASSED, ENDED = "yellow", "red", "bold green", "bold red"

Line = tuple[str, str]


class View:
    """Prints events to the terminal; plain text where there is none."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(highlight=False)

    def show(self, event: dict[str, Any]) -> None:
        from rich.text import Text

        for text, style in lines(event):
            self._console.print(Text(text, style=style), soft_wrap=True)

    def raw(self, text: str) -> None:
        self._console.out(text, highlight=False)


def lines(event: dict[str, Any]) -> list[Line]:
    """The event as styled text."""
    try:
        shown = list(_SHOWN.get(event["event"], _generic)(event))
    except (KeyError, TypeError, AttributeError, ValueError):
        shown = list(_generic(event))
    return [(printable(text), style) for text, style in shown]


def printable(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n").rstrip("\n"))


def cut(text: str, most_lines: int = SHOWN_LINES, most_characters: int = SHOWN_CHARACTERS) -> str:
    """The text, its middle replaced by a notice where it is long."""
    rows = text.splitlines()
    if len(rows) > most_lines:
        half = most_lines // 2
        left_out = f"[… {len(rows) - 2 * half} lines not shown …]"
        text = "\n".join([*rows[:half], left_out, *rows[-half:]])
    if len(text) > most_characters:
        half = most_characters // 2
        text = f"{text[:half]}[… {len(text) - 2 * half} characters not shown …]{text[-half:]}"
    return text


def _generic(event: dict[str, Any]) -> Iterator[Line]:
    rest = {name: value for name, value in event.items() if name not in ("event", "at", "turn")}
    yield f"{event['event']}: {cut(json.dumps(rest, ensure_ascii=False))}", MARK


def _trial(event: dict[str, Any]) -> Iterator[Line]:
    canary = str(event["canary"]).rpartition("/")[2]
    yield f"trial {event['trial']}, attempt {event['attempt']}: {canary} on {event['model']}", HEAD
    for name in ("chat", "budgets"):
        yield f"{name}: {_pairs(event[name])}", DIM
    yield f"window: {event['window_tokens']} tokens · seed: {event['seed']} · started: {event['at']}", DIM


def _opening(event: dict[str, Any]) -> Iterator[Line]:
    for message in event["messages"]:
        yield f"{message['role']}: {cut(message['content'])}", PLAIN
    yield f"tools: {', '.join(tool['function']['name'] for tool in event['tools'])}", DIM


def _model(event: dict[str, Any]) -> Iterator[Line]:
    completion = event["completion"]
    usage = completion["usage"]
    counts = [
        f"{usage['prompt_tokens']} prompt tokens ({usage['cached_tokens']} cached)",
        f"{usage['generated_tokens']} generated ({usage['reasoning_tokens']} reasoning)",
        "estimated" if usage["source"] != "engine" else "",
        f"{completion['generated_tokens_per_second']:.1f} tokens/s"
        if completion["generated_tokens_per_second"]
        else "",
        f"{completion['ttft_seconds']:.2f} s to the first token, {completion['seconds']:.2f} s in all",
        f"finish reason {completion['finish_reason']}",
    ]
    purpose = "" if event.get("purpose", "turn") == "turn" else f" ({event['purpose']})"
    yield "", PLAIN
    yield f"── turn {event['turn']}{purpose}", HEAD
    yield " · ".join(filter(None, counts)), DIM
    if completion["reasoning"]:
        yield cut(completion["reasoning"]), THOUGHT
    if completion["text"]:
        yield cut(completion["text"]), PLAIN
    for call in completion["tool_calls"]:
        yield f"→ {call['name'] or '(no name)'} {_arguments(call['arguments'])}", CALL


def _assistant(event: dict[str, Any]) -> Iterator[Line]:
    """What went into the history is what the model said, but for what was torn off."""
    return iter(())


def _tool(event: dict[str, Any]) -> Iterator[Line]:
    status = event["status"]
    yield f"← {event['name'] or '(no name)'}: {status}, {event['seconds']:.2f} s", RESULT if status == "ok" else BAD
    yield cut(event["result"]), PLAIN
    if event.get("notes"):
        yield f"the sandbox notes: {_pairs(event['notes'])}", MARK


def _user(event: dict[str, Any]) -> Iterator[Line]:
    yield f"user: {cut(event['content'])}", MARK


def _budget(event: dict[str, Any]) -> Iterator[Line]:
    yield f"told: {event['content'].strip()}", MARK


def _ceiling(event: dict[str, Any]) -> Iterator[Line]:
    yield f"══ ceiling: {event['verdict']} is the verdict", BAD
    budgets = event["budgets"]
    yield f"goes on as a probe: {_pairs(budgets)}" if budgets else "no probe can go on from here", MARK


def _compaction(event: dict[str, Any]) -> Iterator[Line]:
    tokens = f"about {event['before_tokens']} tokens to {event['after_tokens']}"
    yield f"history compacted ({event['level']}): {tokens}, {len(event['messages'])} messages", MARK


def _verdict(event: dict[str, Any]) -> Iterator[Line]:
    record = event["record"]
    verdict = Verdict(record["outcome"], record["ceiling"], record["detail"])
    passed = record["outcome"] == "passed"
    yield "", PLAIN
    yield f"══ verdict: {verdict}", PASSED if passed else ENDED
    counts = [
        f"hidden tests {record['hidden_passed']} of {record['hidden_expected']}",
        f"visible tests {record['visible_tests']}",
        f"would pass: {'yes' if record['would_pass'] else 'no'}",
        f"{record['turns']} turns, {record['generated_tokens']} tokens generated, {record['wall_seconds']:.1f} s",
    ]
    yield " · ".join(counts), PLAIN
    if probe := record.get("probe"):
        why = f" ({probe['why']})" if probe["why"] else ""
        yield f"probe: {probe['reads']}{why}; with {probe['factor']} times the budget it ended {probe['ended']}", MARK
    for name in ("error", "handed", "not_applied", "scores"):
        if record.get(name):
            value = record[name]
            yield f"{name}: {_pairs(value) if isinstance(value, dict) else value}", MARK


def _arguments(text: str) -> str:
    """As name=value, each cut; as they are where they are no object."""
    try:
        arguments = json.loads(text)
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        return cut(text)
    shown = {name: json.dumps(value, ensure_ascii=False) for name, value in arguments.items()}
    return ", ".join(f"{name}={cut(value, 1, ARGUMENT_CHARACTERS)}" for name, value in shown.items())


def _pairs(values: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in values.items()) or "-"


_SHOWN = {
    "trial": _trial,
    "opening": _opening,
    "model": _model,
    "assistant": _assistant,
    "tool": _tool,
    "user": _user,
    "budget": _budget,
    "ceiling": _ceiling,
    "compaction": _compaction,
    "verdict": _verdict,
}
