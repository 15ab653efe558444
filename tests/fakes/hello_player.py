# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a competent model would say to smoke and to the canary `hello_file`: for the simulators' `reply`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .wires import Said

TURNS = (
    Said(name="write_file", arguments={"path": "greeting.txt", "content": "Hello, world"}),
    Said(name="push", arguments={"message": "Say hello"}),
    Said(name="submit", arguments={}),
)


def hello(body: dict[str, Any]) -> Sequence[Said]:
    """Text where no tool is offered, else the call that comes after those that were answered."""
    if not body.get("tools"):
        return (Said(text="Hello there."),)
    answered = sum(message["role"] == "tool" for message in body["messages"])
    return (TURNS[min(answered, len(TURNS) - 1)],)
