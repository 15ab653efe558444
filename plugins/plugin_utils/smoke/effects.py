# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether seed, temperature and the reasoning switch do anything on this engine with this model."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..chat import Completion, OptionRefused
from .check import FINDING, Check, finding, skipped
from .talk import Talk, said

FREE = "Invent a name for a village and say who lives there."
PUZZLE = "A farmer has 17 sheep. All but 9 run away. How many are left?"
SAID_TOKENS = 24
THOUGHT_TOKENS = 32
WARM, COLD, HOT = 0.8, 0.0, 1.5
TRIES = 2


class Said(NamedTuple):
    """Replies to one prompt: at WARM with the first seed twice and the second, at COLD and at HOT with both."""

    warm: tuple[str, str, str]
    cold: tuple[str, str]
    hot: tuple[str, str]


def sampling(talk: Talk, greeting: Completion) -> list[Check]:
    """`greeting` is the reply to another prompt: a model that says the same to all shows nothing here."""

    def reply(temperature: float, seed: int) -> str:
        return said(talk.ask(FREE, SAID_TOKENS, seed, temperature=temperature))

    # The cold one first: after it the engine reads the same prompt from its cache each time, and adds up alike.
    cold = (reply(COLD, 1), reply(COLD, 2))
    replies = Said((reply(WARM, 1), reply(WARM, 1), reply(WARM, 2)), cold, (reply(HOT, 1), reply(HOT, 2)))
    if len({said(greeting), *replies.warm, *replies.cold, *replies.hot}) == 1:
        why = "the model says the same to everything"
        return [skipped(name, FINDING, why) for name in ("seed", "temperature")]
    return [seed(replies), temperature(replies)]


def seed(replies: Said) -> Check:
    """The same one twice gives the same text, another one another. Pure."""
    first, again, other = replies.warm
    if first != again:
        return finding("seed", False, f"the same seed twice gives two texts at temperature {WARM}")
    if first != other or replies.hot[0] != replies.hot[1]:
        return finding("seed", True, "the same seed gives the same text, another one another")
    if _ignores_temperature(replies):
        return finding("seed", None, "not to be told where the temperature does nothing")
    return finding("seed", False, f"two seeds give one text, at temperature {WARM} and at {HOT}")


def temperature(replies: Said) -> Check:
    """Greedy repeats itself whatever the seed, and heat says something else.

    With each seed the same text cold and hot: it does nothing. That much is seen also where every reply is drawn.
    """
    repeats = replies.cold[0] == replies.cold[1]
    if _ignores_temperature(replies):
        return finding("temperature", False, f"the same texts at {COLD} and at {HOT}", greedy_repeats=repeats)
    if repeats:
        return finding("temperature", True, f"{COLD} repeats itself, {HOT} says something else", greedy_repeats=True)
    return finding("temperature", None, f"not to be told: {COLD} does not repeat itself", greedy_repeats=False)


def _ignores_temperature(replies: Said) -> bool:
    return replies.cold == replies.hot


def reasoning(talk: Talk) -> Check:
    """On brings reasoning, and off brings none. `on` and `off` are the reasoning tokens that came, null: refused."""
    name = "reasoning"
    seen = {switch: _thought(talk, switch) for switch in ("on", "off")}
    on, off = seen["on"], seen["off"]
    numbers: dict[str, Any] = {"on": on, "off": off}
    if on and off == 0:
        return finding(name, True, "reasoning comes and goes with its switch", **numbers)
    if on:
        why = "off is refused" if off is None else "reasoning comes although it is switched off"
        return finding(name, False, why, **numbers)
    if off:
        return finding(name, False, "reasoning comes although it is switched off, and none where it is on", **numbers)
    why = "on is refused" if on is None else "no reasoning comes where it is switched on"
    return finding(name, False, why, **numbers)


def _thought(talk: Talk, switch: str) -> int | None:
    tokens = 0
    for seed in range(1, TRIES + 1):
        try:
            reply = talk.ask(PUZZLE, THOUGHT_TOKENS, seed, reasoning=switch)
        except OptionRefused:
            return None
        # An engine that does not count them has them estimated: one at least where there is a word of it.
        tokens = reply.usage.reasoning_tokens or int(bool(reply.reasoning))
        if tokens or switch == "off":
            break
    return tokens
