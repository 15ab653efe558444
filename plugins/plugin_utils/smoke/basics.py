# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates that need no tool: it answers, and it stops."""

from __future__ import annotations

import re

from ..chat import Completion, EngineFailure
from .check import Check, gate
from .talk import Talk, said

# A model that reasons thinks about a greeting too; one that stops by itself takes few of them.
ANSWER_TOKENS = 1024
# Two of them: a reply may be at its end just where the limit is.
LIMITS_TOKENS = (2, 3)
TRIES = 2
SHOWN = 60
GREETING = "Say hello."
# Some clouds answer a limit that cut the reasoning off with an error that names it.
LIMIT_NAMED = re.compile(r"max_(completion_|output_)?tokens|output limit", re.IGNORECASE)


def answers(talk: Talk) -> tuple[Check, Completion]:
    """Text comes back."""
    reply = talk.ask(GREETING, ANSWER_TOKENS)
    text = said(reply)
    detail = f"{reply.finish_reason} after {reply.usage.generated_tokens} tokens: {text[:SHOWN]!r}"
    return gate("answers", bool(text), detail), reply


def stops(talk: Talk, answered: Completion) -> Check:
    """By itself after a short answer, and at the limit, with a word that says so."""
    name, reply, tried = "stops", answered, 1
    while reply.cut and tried < TRIES:
        tried += 1
        reply = talk.ask(GREETING, ANSWER_TOKENS, seed=tried)
    if reply.cut:
        after = reply.usage.generated_tokens
        return gate(name, False, f"a greeting was not at its end after {after} tokens, in {tried} tries")
    itself = f"{reply.finish_reason} by itself"
    for limit in LIMITS_TOKENS:
        try:
            cut = talk.ask("Count from one to one hundred.", limit)
        except EngineFailure as failure:
            if not LIMIT_NAMED.search(failure.message):
                raise
            return gate(name, True, f"{itself}; where the limit cuts a reply off, the engine answers with an error")
        if cut.usage.generated_tokens > limit:
            return gate(name, False, f"{cut.usage.generated_tokens} tokens came where {limit} were the limit")
        if cut.cut or cut.usage.generated_tokens < limit:
            return gate(name, True, f"{itself}; {cut.finish_reason} at a limit of {limit} tokens")
    limits = " and ".join(map(str, LIMITS_TOKENS))
    return gate(name, False, f"replies with limits of {limits} tokens filled them and ended with {cut.finish_reason!r}")
