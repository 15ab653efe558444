# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine's error answer stands for."""

from __future__ import annotations

import json

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import Deadlines
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.errors import (
    ContextOverflow,
    EngineFailure,
    InterfaceBroken,
    OptionRefused,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.faults import UnreadableReply, fault, fault_of_body


def body(message: str, kind: str = "server_error") -> bytes:
    return json.dumps({"error": {"code": 500, "message": message, "type": kind}}).encode()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        # As llama.cpp words them.
        (body("request (3031 tokens) exceeds the available context size (1024 tokens)"), ContextOverflow),
        (body("too long", "exceed_context_size_error"), ContextOverflow),
        (body("Context size has been exceeded."), ContextOverflow),
        (body("The model produced output that does not match the expected Hermes format"), UnreadableReply),
        (body("Invalid diff: 'abc' not found at start of 'abd'"), InterfaceBroken),
        (body("Failed to parse input at pos 12: <tool_call>"), UnreadableReply),
        (body("Unable to generate parser for this template"), InterfaceBroken),
        (body("Jinja Exception: Conversation roles must alternate"), InterfaceBroken),
        # As OpenAI does.
        (body("This model's maximum context length is 8192 tokens"), ContextOverflow),
        (body("Incorrect API key provided"), EngineFailure),
        (body("Unsupported value: 'reasoning_effort' does not support 'none' with this model."), OptionRefused),
        # As Ollama does.
        (b'{"error": "the input length exceeds the context length"}', ContextOverflow),
        (b'{"error": "\\"llama3.2\\" does not support thinking"}', OptionRefused),
        (b'{"error": "error parsing tool call: raw=\'{\', err=unexpected end of JSON input"}', UnreadableReply),
        (b'{"error": "model not found"}', EngineFailure),
        (b"<html>Bad gateway</html>", EngineFailure),
        (b"", EngineFailure),
        (b"\xff\xfe", EngineFailure),
        (b"[1, 2]", EngineFailure),
    ],
)
def test_an_error_answer_is_read(answer: bytes, expected: type[Exception]) -> None:
    assert fault_of_body(500, answer).__class__ is expected


def test_template_and_parser_are_told_apart() -> None:
    template, parser = fault(None, {"message": "Jinja Exception: x"}), fault(None, {"message": "Invalid diff: 'x'"})
    assert isinstance(template, InterfaceBroken) and template.part == "template"
    assert isinstance(parser, InterfaceBroken) and parser.part == "parser"


def test_a_silent_engine_is_waited_for_until_grace_seconds_after_the_deadline() -> None:
    deadlines = Deadlines(turn_at=100.0, silence_seconds=120.0, grace_seconds=30.0)
    assert deadlines.silent_at(heard=0.0) == 120.0
    assert deadlines.silent_at(heard=90.0) == 130.0
    assert Deadlines(turn_at=1000.0).silent_at(heard=0.0) == 120.0
    assert deadlines.silent_at(heard=105.0) == 135.0
