# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine's error answer → what it means for the trial. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from .errors import ChatError, ContextOverflow, EngineFailure, InterfaceBroken, OptionRefused

SHOWN_CHARACTERS = 500
CONTEXT = re.compile(r"context[ _](size|length|window)|exceed_context|maximum context", re.IGNORECASE)
TEMPLATE = re.compile(r"jinja|chat[ _]template|template", re.IGNORECASE)
PARSER = re.compile(r"failed to parse tool call|invalid diff|tool[ _-]?(call[ _-]?)?parser", re.IGNORECASE)
# The engine could not read the model's own text in the format of its template. Newer llama.cpp keeps the text to
# itself (it is in its log); older llama.cpp ends the message with all of it from the place where it stuck; Ollama
# quotes the call.
UNREADABLE = re.compile(
    r"produced output that does not match"
    r"|failed to parse input at pos \d+(?::\s?(?P<rest>.*))?"
    r"|error parsing tool call: raw='(?P<call>.*)', err=",
    re.IGNORECASE | re.DOTALL,
)
# As Ollama, OpenAI and vLLM say it of reasoning and of sampling.
OPTION = re.compile(
    r"does not support (thinking|reasoning)|unsupported (value|parameter)|unrecognized request argument"
    r"|(think|reasoning_effort|reasoning)\b.{0,40}\b(not supported|invalid|unsupported)",
    re.IGNORECASE,
)


class UnreadableReply(ChatError):
    """The engine could not read the model's text as its template has it. `raw`: what it says of that text, if anything.

    Whether the model or the parser is to blame is seen in the text.
    """

    def __init__(self, message: str, raw: str) -> None:
        super().__init__(message, "none, the model wrote it")
        self.raw = raw


def fault(status: int | None, error: Any) -> ChatError:
    """The exception for an error object, or for the body of an answer with an error status."""
    kind, message = _parts(error)
    shown = message[:SHOWN_CHARACTERS] or "no message"
    where = f"The engine answered with status {status}" if status else "The engine broke the stream off"
    if unreadable := UNREADABLE.search(message):
        return UnreadableReply(shown, unreadable["rest"] or unreadable["call"] or "")
    if CONTEXT.search(kind) or CONTEXT.search(message):
        return ContextOverflow(f"{where}: {shown}")
    if PARSER.search(message):
        return InterfaceBroken("parser", f"{where}: {shown}")
    if TEMPLATE.search(message):
        return InterfaceBroken("template", f"{where}: {shown}")
    if OPTION.search(message):
        return OptionRefused(f"{where}: {shown}")
    return EngineFailure(f"{where}: {shown}")


def fault_of_body(status: int, body: bytes) -> ChatError:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = body.decode(errors="replace")
    if isinstance(answer, dict) and "error" in answer:
        answer = answer["error"]
    return fault(status, answer)


def _parts(error: Any) -> tuple[str, str]:
    if isinstance(error, dict):
        kind = f"{error.get('type') or ''} {error.get('code') or ''}"
        return kind, str(error.get("message") or error)
    return "", str(error)
