# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tool calls in a model's raw text, in the markups of the templates in use. Pure.

It decides who broke a call: well formed here, the engine's template or parser did; malformed here, the model did.
JSON says itself whether it is whole, so its closing tag may be missing (engines stop at it, some models leave it out);
a call spelled out in tags is whole only with its closing tag. Tags give no types: their values stay strings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from .completion import ToolCall
from .strict_json import BadJson, loads, value_at

MAX_CALLS = 64
SHOWN_CHARACTERS = 2000

# A reader gets the text and where its opening ends; it returns what it found and where it stopped.
_Found = tuple[list[ToolCall], int]
_Reader = Callable[[str, int], _Found]

_SPACE = re.compile(r"\s*")
_TAGGED_NAME = re.compile(r"\s*([\w.-]+)\s*(?=<arg_key>|</tool_call>)")
_TAGGED_ARGUMENT = re.compile(r"\s*<arg_key>([^<]*)</arg_key>\s*<arg_value>(.*?)</arg_value>", re.DOTALL)
# Possessive (`*+`) where white space may meet white space: a long run of it must not be tried in every division.
_MISTRAL_NAME = re.compile(r"\s*+([\w.-]+)\s*+(?:\[CALL_ID\]\w*+\s*+)?(?:\[ARGS\])?\s*+(?=\{)")
_SECTION_HEAD = re.compile(
    r"\s*+(?:function\s*+<[｜|]tool[▁_ ]sep[｜|]>)?\s*+(?:functions\.)?([\w.-]++)(?::\d+)?\s*+"
    r"(?:<[｜|]tool[▁_ ]sep[｜|]>|<\|tool_call_argument_begin\|>)?\s*+(?:```(?:json)?\s*+)?(?=\{)"
)
_BARE = re.compile(r'\s*\{\s*"(?:name|function)"\s*:\s*"([^"]*)"\s*,\s*"(?:parameters|arguments)"\s*:')
_UNQUOTED_KEY = re.compile(r"([{,]\s*)([A-Za-z_][\w-]*)\s*:")


def calls_in_text(text: str) -> tuple[ToolCall, ...]:
    """Every call the text holds, well formed or `malformed` with the reason, in its order.

    After a malformed one the search goes on right behind its opening: what follows may be whole.
    """
    calls: list[ToolCall] = []
    at = 0
    while len(calls) < MAX_CALLS and (opening := _OPENING.search(text, at)):
        at = opening.end()
        if text[max(0, opening.start() - 1) : opening.start()] in ("`", "'", '"'):
            continue  # only talked about
        found, at = _READERS[str(opening.lastgroup)](text, at)
        calls += found
    if not calls and _BARE.match(text):
        calls = [_bare(text)]
    return tuple(
        ToolCall(f"text_{number}", call.name, call.arguments_text, call.arguments, call.malformed)
        for number, call in enumerate(calls, start=1)
    )


def holds_well_formed(text: str, name: str | None = None) -> bool:
    """Whether a whole call stands in the text: of this tool, or of any."""
    return any(call.malformed is None and name in (None, call.name) for call in calls_in_text(text))


def _call(name: object, given: object) -> ToolCall:
    arguments = given
    if isinstance(given, str):
        try:
            arguments = loads(given)
        except BadJson as error:
            return _broken(given, f"its arguments are not valid JSON ({error})", name if isinstance(name, str) else "")
    if not isinstance(name, str) or not name:
        return _broken(json.dumps(arguments), "the call names no tool")
    if not isinstance(arguments, dict):
        return _broken(json.dumps(arguments), "its arguments are not a JSON object", name)
    return ToolCall("", name, json.dumps(arguments), arguments)


def _broken(text: str, what: str, name: str = "") -> ToolCall:
    return ToolCall("", name, text[:SHOWN_CHARACTERS], None, what)


def _of_value(value: object) -> list[ToolCall]:
    """A call as an object, or a list of them, under the keys that templates use."""
    calls = []
    for item in value[:MAX_CALLS] if isinstance(value, list) else [value]:
        fields = item.get("function") if isinstance(item, dict) and isinstance(item.get("function"), dict) else item
        if isinstance(fields, dict):
            name = fields.get("name") or fields.get("tool_name") or fields.get("function")
            calls.append(_call(name, fields.get("arguments", fields.get("parameters", {}))))
        else:
            calls.append(_broken(json.dumps(item), "a call is not a JSON object"))
    return calls


def _bare(text: str) -> ToolCall:
    try:
        return _of_value(loads(text))[0]
    except BadJson as error:
        match = _BARE.match(text)
        return _broken(text, f"it is not valid JSON ({error})", match[1] if match else "")


def _json(text: str, at: int, closing: str) -> _Found:
    """One or more JSON values, up to the closing tag or the text's end."""
    start = opened = at
    calls: list[ToolCall] = []
    while len(calls) < MAX_CALLS:
        try:
            value, at = value_at(text, start)
        except BadJson as error:
            return [*calls, _broken(text[start:], f"it is not valid JSON ({error})")], start
        calls += _of_value(value)
        start = at = _skip(text, at)
        if text[at : at + 1] in (",", ";"):
            start = _skip(text, at + 1)
        if text[start : start + 1] not in ("{", "["):
            break
    if closing and at < len(text):
        if not text.startswith(closing, at):
            return [_broken(text[opened:], "something follows its JSON")], opened
        at += len(closing)
    return calls, at


def _hermes(text: str, at: int) -> _Found:
    """`<tool_call>` has a JSON object in it (Hermes, Qwen), `<function=…>` (Qwen3-Coder) or a name and keys (GLM)."""
    at = _skip(text, at)
    if text.startswith("<function=", at):
        calls, at = _function(text, at + len("<function="))
        end = _skip(text, at)
        return calls, end + len("</tool_call>") if text.startswith("</tool_call>", end) else at
    if name := _TAGGED_NAME.match(text, at):
        arguments: dict[str, Any] = {}
        at = name.end()
        while pair := _TAGGED_ARGUMENT.match(text, at):
            arguments[pair[1].strip()] = pair[2]
            at = pair.end()
        end = _skip(text, at)
        if text.startswith("</tool_call>", end):
            return [_call(name[1], arguments)], end + len("</tool_call>")
        return [_broken(text[name.start() :], "its tags do not close", name[1])], name.end()
    return _json(text, at, "</tool_call>")


def _function(text: str, at: int) -> _Found:
    """`<function=name>`: parameters in tags (Qwen3-Coder) or one JSON object (Functionary)."""
    return _tagged(text, at, re.compile(r"([^>\s]+)\s*>"), re.compile(r"\s*<parameter=([^>]+)>"), "function")


def _invoke(text: str, at: int) -> _Found:
    return _tagged(
        text, at, re.compile(r'"([^"]+)"\s*>'), re.compile(r'\s*<(?:｜DSML｜)?parameter name="([^"]+)"[^>]*>'), "invoke"
    )


def _tagged(text: str, at: int, naming: re.Pattern[str], opening: re.Pattern[str], tag: str) -> _Found:
    start = at
    name = naming.match(text, at)
    if not name:
        return [_broken(text[at:], "the call names no tool")], at
    at = name.end()
    arguments: dict[str, Any] = {}
    if text.startswith("{", _skip(text, at)):
        try:
            arguments, at = value_at(text, at)
        except BadJson as error:
            return [_broken(text[at:], f"its arguments are not valid JSON ({error})", name[1])], at
        return [_call(name[1], arguments)], at
    while parameter := opening.match(text, at):
        closing = re.compile(r"\n?</(?:｜DSML｜)?parameter>").search(text, parameter.end())
        if closing is None:
            return [_broken(text[start:], "its tags do not close", name[1])], start
        arguments[parameter[1].strip()] = text[parameter.end() : closing.start()].removeprefix("\n")
        at = closing.end()
    end = re.compile(rf"\s*</(?:｜DSML｜)?{tag}>").match(text, at)
    if end is None:
        return [_broken(text[start:], "its tags do not close", name[1])], start
    return [_call(name[1], arguments)], end.end()


def _mistral(text: str, at: int) -> _Found:
    if name := _MISTRAL_NAME.match(text, at):
        return _arguments(text, name.end(), name[1])
    return _json(text, at, "")


def _section(text: str, at: int) -> _Found:
    """DeepSeek and Kimi: a name, a separator and JSON, perhaps in a code fence."""
    head = _SECTION_HEAD.match(text, at)
    if head is None:
        return [_broken(text[at:], "it has no name and JSON arguments")], at
    return _arguments(text, head.end(), head[1])


def _harmony(text: str, at: int) -> _Found:
    """gpt-oss: the recipient stands in the header, the arguments are the message."""
    header = re.compile(r"(?:functions\.)?([\w.-]+)[^<]*(?:<\|[^|]*\|>[^<]*)*?<\|message\|>").match(text, at)
    if header is None:
        return [_broken(text[at:], "its header does not end")], at
    return _arguments(text, header.end(), header[1])


def _gemma(text: str, at: int) -> _Found:
    """Gemma 4: `name{key:<|"|>text<|"|>,other:1}`, that is JSON with other quotes and bare keys."""
    end = text.find("<tool_call|>", at)
    if end < 0:
        return [_broken(text[at:], "its tags do not close")], at
    name, brace, rest = text[at:end].partition("{")
    parts = (brace + rest).split('<|"|>')
    parts[::2] = [_UNQUOTED_KEY.sub(r'\1"\2":', part) for part in parts[::2]]
    parts[1::2] = [json.dumps(part) for part in parts[1::2]]
    try:
        found = _call(name.strip(), loads("".join(parts) or "{}"))
    except BadJson as error:
        found = _broken(text[at:end], f"its arguments cannot be read ({error})", name.strip())
    return [found], end + len("<tool_call|>")


def _arguments(text: str, at: int, name: str) -> _Found:
    try:
        arguments, end = value_at(text, at)
    except BadJson as error:
        return [_broken(text[at:], f"its arguments are not valid JSON ({error})", name)], at
    return [_call(name, arguments)], end


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


_MARKUPS: tuple[tuple[str, str, _Reader], ...] = (
    ("hermes", r"<tool_call>", _hermes),
    ("granite", r"<\|tool_call\|>", lambda text, at: _json(text, at, "")),
    ("gemma", r"<\|tool_call>call:", _gemma),
    ("function", r"<function=", _function),
    ("invoke", r"<(?:｜DSML｜)?invoke name=", _invoke),
    ("mistral", r"\[TOOL_CALLS\]", _mistral),
    ("llama", r"<\|python_tag\|>", lambda text, at: _json(text, at, "")),
    ("section", r"<[｜|]tool[▁_ ]call[▁_ ]begin[｜|]>", _section),
    ("cohere", r"<\|START_ACTION\|>", lambda text, at: _json(text, at, "<|END_ACTION|>")),
    ("harmony", r"(?:<\|start\|>assistant|<\|channel\|>(?:commentary|analysis))\s+to=", _harmony),
)
_OPENING = re.compile("|".join(f"(?P<{name}>{opening})" for name, opening, _reader in _MARKUPS))
_READERS = {name: reader for name, _opening, reader in _MARKUPS}
