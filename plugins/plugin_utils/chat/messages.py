# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A completion → the message that stands for it in the history, OpenAI-shaped for every engine. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .assembler import CONTENT_BLOCKS, REASONING_BLOCKS, REASONING_STRINGS
from .completion import Completion, ToolCall
from .thinking import HARMONY, PAIRS

# Some templates refuse an empty reply, which is what reasoning alone leaves.
NOTHING_SAID = "..."


def assistant_message(completion: Completion, calls: Sequence[ToolCall], echo_reasoning: bool) -> dict[str, Any]:
    """`calls` are those that go into the history. Reasoning is left out, or goes back in the shape it came in."""
    text = completion.text or ("" if calls else NOTHING_SAID)
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = [_sent(call) for call in calls]
    if echo_reasoning:
        message.update(_echo(completion, text))
    return message


def _sent(call: ToolCall) -> dict[str, Any]:
    """Templates and engines choke on arguments that are no JSON: the result says what was wrong with them."""
    arguments = call.arguments_text if call.arguments is not None and call.arguments_text else "{}"
    return {"id": call.id, "type": "function", "function": {"name": call.name or "unknown", "arguments": arguments}}


def _echo(completion: Completion, text: str) -> dict[str, Any]:
    shape, reasoning, blocks = completion.reasoning_shape, completion.reasoning, completion.reasoning_blocks
    if shape in REASONING_BLOCKS and blocks:
        return {shape: list(blocks)}
    if shape == CONTENT_BLOCKS and blocks:
        return {"content": [*blocks, *([{"type": "text", "text": text}] if text else [])]}
    if not reasoning:
        return {}
    if shape in REASONING_STRINGS:
        return {shape: reasoning}
    if shape in PAIRS:
        return {"content": f"{shape}\n{reasoning}\n{PAIRS[shape]}\n\n{text}"}
    # The templates of gpt-oss refuse their own markup in the content, and take the field.
    return {"reasoning_content": reasoning} if shape == HARMONY else {}
