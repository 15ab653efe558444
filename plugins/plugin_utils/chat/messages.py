# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A completion as the message that goes back into the history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .completion import Completion, ToolCall


def assistant_message(completion: Completion, calls: Sequence[ToolCall], echo_reasoning: bool) -> dict[str, Any]:
    if not calls:
        # Some templates refuse an empty reply, which is what reasoning alone leaves.
        return {"role": "assistant", "content": completion.text or "..."}
    # Templates and engines choke on arguments that are no JSON: the result says what was wrong with them.
    sent = [
        {
            "id": call.id,
            "type": "function",
            "function": {
                "name": call.name or "unknown",
                "arguments": call.arguments_text if call.arguments is not None and call.arguments_text else "{}",
            },
        }
        for call in calls
    ]
    return {"role": "assistant", "content": completion.text, "tool_calls": sent}
