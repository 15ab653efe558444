# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast it reads and writes. Timings are numbers only: two runs of one sweep may differ in them."""

from __future__ import annotations

import secrets

from .check import MEASURE, Check, measure, skipped
from .talk import Talk
from .window import CLOUD_TOKENS, SENTENCE, Sizes

PROMPTS_TOKENS = {"prefill_8k": 8192, "prefill_32k": 32768}
NONCE_DIGITS = 12
# A prompt of which less than this was read anew says nothing of the speed over its length.
FRESH_SHARE = 0.9


def prefill(talk: Talk, sizes: Sizes, name: str) -> Check:
    """The speed at which a cold prompt of this length is read."""
    tokens, window = PROMPTS_TOKENS[name], talk.subject.window_tokens
    if tokens >= window:
        return skipped(name, MEASURE, f"{tokens} tokens do not fit the window of {window}")
    if talk.subject.is_cloud and tokens > CLOUD_TOKENS:
        return skipped(name, MEASURE, "a cloud's prompt is paid for")
    readable = talk.readable_tokens()
    if readable is not None and readable < tokens:
        return skipped(
            name, MEASURE, "at the speed of shorter prompts it would not be read for sure in the time there is"
        )
    # What nobody asked before is in no cache.
    nonce = "".join(secrets.choice("0123456789") for _digit in range(NONCE_DIGITS))
    reply = talk.ask(f"{nonce}\n{SENTENCE * sizes.sentences(tokens, sizes.base)}\nSay hello.", 1)
    counted, cached = reply.usage.prompt_tokens, reply.usage.cached_tokens
    if reply.prompt_tokens_per_second is None or counted - cached < FRESH_SHARE * counted:
        return skipped(name, MEASURE, f"the engine does not tell the speed, or had read {cached} of the tokens before")
    numbers = {"prompt_tokens": counted, "prompt_tokens_per_second": round(reply.prompt_tokens_per_second, 1)}
    return measure(name, "a cold prompt was read", **numbers)


def generates(talk: Talk) -> Check:
    """The speed of the replies so far."""
    speed, replies = talk.generated_speeds()
    if speed is None:
        return skipped("generates", MEASURE, "no reply was long enough")
    return measure("generates", "median of the replies", generated_tokens_per_second=round(speed, 1), replies=replies)
