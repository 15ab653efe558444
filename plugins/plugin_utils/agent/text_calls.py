# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool style `text`: calls stand in the reply's text and results in a message of the user's, on any engine.

The request has no tools, so the engine's template and parser have no part in a call. The format is a fence that no
model's own markup uses, so no engine's parser waits for it: a line ```tool, one JSON object with `name` and
`arguments`, a line ```. It is read strictly, but JSON says itself whether it is whole: at the text's end, and before
the next block, the closing fence may be missing. A call in any other markup is malformed: it was asked for otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..chat import Completion, Deadlines, ToolCall
from ..chat.messages import NOTHING_SAID
from ..chat.strict_json import BadJson, loads
from . import prompt
from .job import Model

MAX_CALLS = 64
SHOWN_CHARACTERS = 2000
NOT_IN_A_BLOCK = "it does not stand in a ```tool block"

_FENCE = re.compile(r"^[ \t]*```(?P<tool>tool\b(?P<more>.*))?[ \t\r]*$", re.MULTILINE)


class TextStyle:
    """A model that is asked and read in this style, and looks like any other from outside."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        sampling: Mapping[str, Any],
        max_tokens: int,
        deadlines: Deadlines,
        on_tokens: Callable[[int], None] | None = None,
    ) -> Completion:
        """`tools` are not sent: the system prompt has them (`prompt.system`)."""
        completion = self._model.complete(as_text(messages), [], sampling, max_tokens, deadlines, on_tokens)
        return with_calls(completion)


def with_calls(completion: Completion) -> Completion:
    """The completion with the calls of its text as its calls."""
    calls = calls_of(completion.text)
    if not calls:
        foreign = completion.tool_calls or completion.text_calls
        calls = tuple(replace(call, arguments=None, malformed=call.malformed or NOT_IN_A_BLOCK) for call in foreign)
    return replace(completion, tool_calls=calls, text_calls=())


def calls_of(text: str) -> tuple[ToolCall, ...]:
    """Every call in a block of the format, in its order; what is not as it should be is `malformed`."""
    return tuple(
        replace(call, id=f"text_{number}") for number, call in zip(range(1, MAX_CALLS + 1), _calls(text), strict=False)
    )


def as_text(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Messages with calls and results, as this style sends them.

    What stands between two replies is one message: many templates refuse two of the user's in a row.
    """
    names: dict[str, str] = {}
    sent: list[dict[str, Any]] = []
    for message in messages:
        one = {key: value for key, value in message.items() if key not in ("tool_calls", "tool_call_id")}
        for call in message.get("tool_calls", ()):
            names[call["id"]] = call["function"]["name"]
        if message["role"] == "assistant":
            one["content"] = one["content"] or NOTHING_SAID
        elif message["role"] == "tool":
            one = {"role": "user", "content": prompt.result_of(names[message["tool_call_id"]], message["content"])}
        if one["role"] == "user" and sent and sent[-1]["role"] == "user":
            sent[-1]["content"] += "\n\n" + one["content"]
        else:
            sent.append(one)
    return sent


def _calls(text: str) -> Iterator[ToolCall]:
    fences = list(_FENCE.finditer(text))
    ends = [*(fence.start() for fence in fences[1:]), len(text)]
    for fence, end in zip(fences, ends, strict=False):
        if fence["tool"] is None:
            continue
        if fence["more"].strip():
            yield _broken(fence[0], "the line ```tool has more on it")
            continue
        yield _call(text[fence.end() : end])


def _call(body: str) -> ToolCall:
    try:
        given = loads(body)
    except BadJson as error:
        return _broken(body, f"its block is not valid JSON ({error})")
    if not isinstance(given, dict):
        return _broken(body, "its block is not a JSON object")
    name, arguments = given.get("name"), given.get("arguments", {})
    if not isinstance(name, str) or not name:
        return _broken(body, "the call names no tool")
    if unknown := sorted(given.keys() - {"name", "arguments"}):
        return _broken(body, f"its block has a key {unknown[0]} beside name and arguments", name)
    if not isinstance(arguments, dict):
        return _broken(body, "its arguments are not a JSON object", name)
    return ToolCall("", name, json.dumps(arguments), arguments)


def _broken(text: str, what: str, name: str = "") -> ToolCall:
    return ToolCall("", name, text.strip()[:SHOWN_CHARACTERS], None, what)
