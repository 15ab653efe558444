# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tool calls in the agent's own words and with its tools, since a template may only be good with those."""

from __future__ import annotations

import difflib
import html
import json
import re

from ..agent.tools import fault
from ..chat import Completion, TurnOverrun, assistant_message
from .check import FINDING, MEASURE, Check, finding, gate, measure, skipped
from .talk import OutOfTime, Talk

CALL_TOKENS = 512
ECHO_TOKENS = 384
TRIES = 3
SHOWN = 80
CREATE = "Create the file note.txt with this content: ok"
# Both quotes, a backslash before a letter and before itself, line breaks, and letters of two bytes and of three.
CONTENT = """name = "café"
print('\\tÜber \\\\ →')
"""
ECHO = (
    "Create the file echo.py. Its content is everything between the two lines of dashes, byte for byte:\n"
    f"---\n{CONTENT}---"
)


def calls_a_tool(talk: Talk) -> tuple[Check, Completion | None]:
    """One well-formed call in a few tries, and the reply that has it."""
    name, seen = "calls_a_tool", ""
    for seed in range(1, TRIES + 1):
        reply = talk.ask(CREATE, CALL_TOKENS, seed, with_tools=True)
        faults = [fault(call) for call in reply.tool_calls]
        if None in faults:
            call = reply.tool_calls[faults.index(None)]
            detail = f"try {seed}: {call.name} {call.arguments_text[:SHOWN]}"
            return gate(name, True, detail, tries=seed, tool_style=talk.tool_style), reply
        if faults:
            seen = f"the last one had a call that was not: {faults[0]}"
        elif reply.text_calls:
            seen = f"the last one had a call that the engine left in the text: {reply.text[:SHOWN]!r}"
        else:
            seen = f"the last one began {reply.text[:SHOWN]!r}"
    detail = f"no well-formed call in {TRIES} replies; {seen}"
    return gate(name, False, detail, tries=TRIES, tool_style=talk.tool_style), None


def echoes_a_file(talk: Talk) -> Check:
    """A file's content comes through as it was given.

    That a small model writes something else is a finding. What no model does, text that was broken on its way in a way
    that has a name, is the engine's doing and a gate.
    """
    name, tries, closest = "echoes_a_file", 0, 0.0
    for seed in range(1, TRIES + 1):
        try:
            reply = talk.ask(ECHO, ECHO_TOKENS, seed, with_tools=True)
        except (TurnOverrun, OutOfTime):
            if not tries:
                raise
            break
        tries += 1
        for written in _written(reply):
            if written == CONTENT:
                return finding(name, True, f"try {tries}: byte for byte", tries=tries)
            if how := mangled(CONTENT, written):
                return gate(name, False, f"what was written came out {how}: {written[:SHOWN]!r}", tries=tries)
            closest = max(closest, difflib.SequenceMatcher(None, CONTENT, written, autojunk=False).ratio())
    near = f"the nearest is {closest:.0%} alike" if closest else "no file was written"
    return finding(name, False, f"not byte for byte in {tries} tries, {near}", tries=tries, closest=round(closest, 2))


def reuses_the_prompt(talk: Talk, called: Completion) -> Check:
    """How much of the second turn's prompt the engine had kept from the first."""
    name = "reuses_the_prompt"
    calls = [call for call in called.tool_calls if fault(call) is None]
    results = [{"role": "tool", "tool_call_id": call.id, "content": "ok"} for call in calls]
    messages = [*talk.opening(CREATE, with_tools=True), assistant_message(called, calls, False), *results]
    usage = talk.ask(messages, 1, with_tools=True).usage
    if not usage.prompt_tokens:
        return skipped(name, MEASURE, "the engine counted no prompt")
    share = usage.cached_tokens / usage.prompt_tokens
    numbers = {"prompt_tokens": usage.prompt_tokens, "cached_tokens": usage.cached_tokens, "share": round(share, 3)}
    if not usage.cached_tokens:
        return Check(
            name, True, "nothing of the second turn's prompt is reused, or the engine does not tell",
            {"kind": FINDING, "held": False, **numbers},
        )  # fmt: skip
    return measure(
        name, f"{usage.cached_tokens} of {usage.prompt_tokens} tokens of the second turn's prompt", **numbers
    )


def mangled(wanted: str, got: str) -> str | None:
    """How the text was broken on its way, where that has a name; the end of the last line is not looked at."""
    wanted, got = wanted.rstrip("\n"), got.rstrip("\n")
    if got == wanted:
        return None
    for codec in ("latin-1", "cp1252"):
        if got == wanted.encode().decode(codec, errors="replace"):
            return f"as UTF-8 that was read as {codec}"
    unreadable = "".join(re.escape(letter) if letter.isascii() else "[?\ufffd]{1,4}" for letter in wanted)
    if not wanted.isascii() and re.fullmatch(unreadable, got):
        return "with question marks for letters"
    if got == html.escape(wanted):
        return "escaped for HTML"
    if got == json.dumps(wanted)[1:-1]:
        return "escaped for JSON twice"
    return None


def _written(reply: Completion) -> list[str]:
    return [
        str((call.arguments or {}).get("content"))
        for call in reply.tool_calls
        if call.name == "write_file" and fault(call) is None
    ]
