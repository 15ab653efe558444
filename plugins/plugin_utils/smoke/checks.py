# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The smoke gate: in seconds, whether this model under this load config can run a trial at all."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from ..agent.prompt import SYSTEM
from ..agent.tools import schemas
from ..chat import Client, Completion, ContextOverflow, Deadlines, InterfaceBroken, TurnOverrun

ANSWER_TOKENS = 16
CALL_TOKENS = 96
CALL_TRIES = 3
TURN_SECONDS = 60.0


@dataclass(frozen=True)
class Check:
    """One smoke check: what was tried, whether it held, and the evidence."""

    name: str
    ok: bool
    detail: str


def smoke(base_url: str, api_key: str | None, model: str, engine: str) -> list[dict[str, Any]]:
    """Run the checks in order, stop at the first that fails; returns them as dicts (name, ok, detail).

    An engine that cannot be reached says nothing about the model: its EngineFailure is the caller's.
    """
    done: list[Check] = []
    with Client(base_url, api_key, model, engine) as client:
        for name, check in (("answers", _answers), ("calls_a_tool", _calls_a_tool)):
            try:
                ok, detail = check(client)
            except (ContextOverflow, InterfaceBroken, TurnOverrun) as failure:
                ok, detail = False, str(failure)
            done.append(Check(name, ok, detail))
            if not ok:
                break
    return [asdict(check) for check in done]


def engine_answers(base_url: str, api_key: str | None, model: str, engine: str) -> None:
    """One short completion, or the EngineFailure that says why there is none."""
    with Client(base_url, api_key, model, engine) as client:
        _ask(client, "Say hello.", [], ANSWER_TOKENS, 1)


def _answers(client: Client) -> tuple[bool, str]:
    """Text comes back, and the engine counts its tokens: budgets are kept by that count."""
    reply = _ask(client, "Say hello.", [], ANSWER_TOKENS, 1)
    said = (reply.text or reply.reasoning).strip()
    counted = reply.usage.source == "engine" and reply.usage.generated_tokens > 0
    detail = f"{reply.usage.generated_tokens} tokens ({reply.usage.source}), {reply.finish_reason}: {said[:60]!r}"
    return bool(said) and counted, detail


def _calls_a_tool(client: Client) -> tuple[bool, str]:
    """The agent's own words and tools, since a template may only be good with those."""
    seen = ""
    for seed in range(1, CALL_TRIES + 1):
        reply = _ask(client, "Create the file note.txt with this content: ok", schemas("write"), CALL_TOKENS, seed)
        for call in reply.tool_calls:
            if call.arguments is not None:
                return True, f"try {seed}: {call.name} {call.arguments_text[:80]}"
        seen = reply.text[:80]
    return False, f"no well-formed call in {CALL_TRIES} tries; the last reply began {seen!r}"


def _ask(client: Client, text: str, tools: list[dict[str, Any]], max_tokens: int, seed: int) -> Completion:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]
    deadlines = Deadlines(turn_at=time.monotonic() + TURN_SECONDS)
    return client.complete(messages, tools, {"temperature": 0.3, "seed": seed}, max_tokens, deadlines)
