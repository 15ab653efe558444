# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every word the agent says to the model. Part of the stack: a change here starts a new generation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

SYSTEM = (
    "You are a coding agent in a git repository. Work only by calling tools. "
    "When the work is done, call push, then call submit."
)
# The levels of the factor `prompt`, few, each for a weakness that it may mend.
VARIANTS = {
    "default": SYSTEM,
    # A model that comments on every step pays for it out of its token budget, at the speed it generates.
    "terse": f"{SYSTEM} Say nothing beside the calls: no plan, no explanation, no summary.",
    # A model that loses the thread of a long job keeps it better when it has written it down before the first change.
    "plan_first": (
        f"{SYSTEM} First look at the files that matter, without a change. Then write down a plan of numbered steps, "
        "each with its file, in the same reply as your next call. Follow it step by step, and name the step you are at."
    ),
}
TEXT_FORMAT = (
    "A tool is called by a block in your reply: the line ```tool, one JSON object with the tool's name and arguments, "
    "the line ```. For example:\n\n```tool\n{example}\n```\n\n"
    "A reply may hold several blocks, which are run in their order. End your reply after the last block: the results "
    "come in the next message. Your tools:\n{tools}"
)
NUDGE = "You called no tool. Call the next tool. When the work is done: push, then submit."
NUDGE_IN_TEXT = (
    "There was no ```tool block in your reply, so no tool was called. Call the next tool. "
    "When the work is done: push, then submit."
)
CONTINUE = "Your reply was cut off at its length limit. Go on, but keep it short and call a tool."
CUT_OFF = "not run: the call was cut off at the length limit of a reply. Make it shorter, or use several calls."
NOT_PUSHED = "refused: nothing has been pushed yet. Call push first."
TIME_UP = "not run: the time is up."
SUMMARISE = (
    "Your context is nearly full. Write down what you need to go on: what was asked, what you found out, what you have "
    "changed in which files, what the tests said last, what is left to do. Call no tool."
)
SUMMARY = "Earlier work, in your own words:"


def system(variant: str = "default", in_text: Sequence[Mapping[str, Any]] = ()) -> str:
    """The system prompt. `in_text`: the tools' schemas where they are called in the text, and so must be told here."""
    said = VARIANTS[variant]
    if not in_text:
        return said
    functions = [tool["function"] for tool in in_text]
    example = {"name": functions[0]["name"], "arguments": dict.fromkeys(_parameters(functions[0]), "...")}
    listed = "\n".join(map(_listed, functions))
    return f"{said}\n\n{TEXT_FORMAT.format(example=json.dumps(example), tools=listed)}"


def _listed(function: Mapping[str, Any]) -> str:
    required = function["parameters"]["required"]
    takes = [
        f"{name}: {schema['type']}{'' if name in required else ', may be left out'}"
        for name, schema in _parameters(function).items()
    ]
    return f"- {function['name']} ({'; '.join(takes) or 'no arguments'}): {function['description']}"


def _parameters(function: Mapping[str, Any]) -> Mapping[str, Any]:
    parameters: Mapping[str, Any] = function["parameters"]["properties"]
    return parameters


def result_of(name: str, result: str) -> str:
    """A tool's result where it is not a message of its own kind."""
    return f"Result of {name}:\n{result}"


def refused(name: str, allowed: str) -> str:
    return f"refused: {name} is not one of your tools. They are: {allowed}."


def malformed(name: str, what: str) -> str:
    return f"error: the call{' of ' + name if name else ''} was not run, {what}."


def used(turns: int, of_turns: int, tokens: int, of_tokens: int) -> str:
    return f"\n[used: {turns} of {of_turns} turns, {tokens} of {of_tokens} tokens]"
