# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasoning that a model wrote into its text → reasoning and answer. Pure; over the whole text, so cuts are no matter.

Only what opens the text is reasoning: an answer may well talk about such tags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PAIRS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "[THINK]": "[/THINK]",  # Mistral
    "<seed:think>": "</seed:think>",  # Seed-OSS
    "◁think▷": "◁/think▷",  # Kimi
    "<|START_THINKING|>": "<|END_THINKING|>",  # Cohere
    "<|channel>thought": "<channel|>",  # Gemma 4
}
HARMONY = "<|channel|>analysis"  # gpt-oss; the shape's name, its markup is read apart
_OPENING = re.compile(r"\s*(" + "|".join(map(re.escape, PAIRS)) + ")")
_CLOSING = re.compile("|".join(map(re.escape, PAIRS.values())))
_QUOTES = ("`", "'", '"')
_HARMONY_OPENING = re.compile(r"\s*(?:<\|start\|>assistant[^<]*)?<\|channel\|>\s*(?:analysis|commentary|final)\b")
_HARMONY_MESSAGE = re.compile(
    r"(?P<header>(?:<\|start\|>assistant[^<]*)?<\|channel\|>\s*(?P<channel>\w+)[^<]*(?:<\|constrain\|>[^<]*)?)<\|message\|>"
    r"(?P<body>.*?)(?P<end><\|end\|>|<\|return\|>|<\|call\|>|(?=<\|start\|>)|\Z)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Split:
    """`shape` is the tag the reasoning began with, None where there was none."""

    text: str
    reasoning: str = ""
    shape: str | None = None


def split(text: str) -> Split:
    if _HARMONY_OPENING.match(text):
        return _harmony(text)
    parts: list[str] = []
    shape = None
    at = 0
    while opening := _OPENING.match(text, at):
        shape = shape or opening[1]
        closing = _closing(text, opening.end(), PAIRS[opening[1]]) or (len(text), len(text))
        parts.append(text[opening.end() : closing[0]])
        at = closing[1]
    if shape is not None:
        return Split(text[at:].lstrip(), _joined(parts), shape)
    return _opened_by_the_template(text)


def _opened_by_the_template(text: str) -> Split:
    """Where the template ends with the opening tag, only the closing one is generated."""
    closing = _closing(text, 0, None)
    if closing is None:
        return Split(text)
    before, tag = text[: closing[0]], text[closing[0] : closing[1]]
    opening = next(one for one, other in PAIRS.items() if other == tag)
    if opening in before:
        return Split(text)
    return Split(text[closing[1] :].lstrip(), before.strip(), opening)


def _closing(text: str, start: int, tag: str | None) -> tuple[int, int] | None:
    """Where the next closing tag stands, this one or any; one in quotes is only talked about."""
    for match in _CLOSING.finditer(text, start):
        before, after = text[max(0, match.start() - 1) : match.start()], text[match.end() : match.end() + 1]
        if tag in (None, match[0]) and not (before == after and before in _QUOTES):
            return match.span()
    return None


def _harmony(text: str) -> Split:
    """gpt-oss: `analysis` is reasoning, `final` the answer; a message to a tool is left as it is, as a call in text."""
    answer: list[str] = []
    thought: list[str] = []
    end = 0
    for message in _HARMONY_MESSAGE.finditer(text):
        answer.append(text[end : message.start()])
        end = message.end()
        if "to=" in message["header"]:
            answer.append(message[0])
        elif message["channel"] == "analysis":
            thought.append(message["body"])
        else:
            answer.append(message["body"])
    answer.append(text[end:])
    return Split("".join(answer).strip(), _joined(thought), HARMONY if thought else None)


def _joined(parts: list[str]) -> str:
    return "\n\n".join(part for part in map(str.strip, parts) if part)
