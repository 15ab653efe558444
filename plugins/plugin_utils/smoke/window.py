# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prompts as long as they are meant to be, by the engine's own count, and what becomes of them in its window."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

from ..chat import ChatError, Completion, ContextOverflow, EngineFailure, InterfaceBroken, TurnOverrun
from .check import FINDING, Check, finding, gate, skipped
from .talk import EngineLost, OutOfTime, Talk, said

SENTENCE = "The sun went down behind the hill and the shepherds came home with their sheep.\n"
WORD = " on"  # one token in nearly every vocabulary
SECRET = "kestrel"
HEAD = f"The password of this text is {SECRET}.\n"
TAIL = "\nWhat is the password of this text? Answer with the password alone."
PROBED = 8  # so many more sentences, and words, show what one of them is
FEW_SENTENCES = 2
WINDOW_SHARE = 0.9
RECALL_TOKENS = 64
# What a count may fall short of the expected one: sentences may be joined at their ends in another way.
COUNT_SHARE = 0.02
COUNT_TOKENS = 4
# A cloud's prompt is paid for.
CLOUD_TOKENS = 8192
CLOUD_WINDOW = "a cloud's window is its own; the agent's count keeps a trial within the one that was asked for"

Messages = list[dict[str, Any]]


@dataclass(frozen=True)
class Sizes:
    """What the rest of a prompt counts, as one message (`base`) and as a `history`, and a sentence and a word of it."""

    base: float
    history: float
    sentence: float
    word: float

    def sentences(self, tokens: int, base: float) -> int:
        """How many sentences fill a prompt of at most so many tokens."""
        return int((tokens - base) // self.sentence)

    def filled(self, tokens: int, base: float) -> tuple[int, int]:
        """Sentences and words that fill a prompt of at least so many tokens, to the token where a word is one."""
        sentences = self.sentences(tokens, base)
        return sentences, ceil((tokens - base - sentences * self.sentence) / self.word)

    def tokens(self, base: float, sentences: int, words: int = 0) -> int:
        return round(base + sentences * self.sentence + words * self.word)


def in_one(talk: Talk, sentences: int, words: int = 0) -> Messages:
    """All in one message."""
    return talk.opening(f"{HEAD}{SENTENCE * sentences}{WORD * words}{TAIL}")


def in_turns(talk: Talk, sentences: int, words: int = 0) -> Messages:
    """As a history, the way a trial's prompt grows: some engines refuse the one and shorten the other."""
    half = sentences // 2
    turns = [SENTENCE * half or SENTENCE, f"{SENTENCE * (sentences - half)}{WORD * words}{TAIL}"]
    said = [{"role": "assistant", "content": "ok"}]
    return [
        *talk.opening(HEAD),
        *said,
        {"role": "user", "content": turns[0]},
        *said,
        {"role": "user", "content": turns[1]},
    ]


def counts_tokens(talk: Talk) -> tuple[Check, Sizes | None]:
    """Budgets and the window are kept by the engine's count: it must be there, and grow with what is counted."""
    name, few, many = "counts_tokens", FEW_SENTENCES, FEW_SENTENCES + PROBED
    prompts = [in_one(talk, few), in_one(talk, many), in_one(talk, few, PROBED), in_turns(talk, few)]
    usages = [talk.ask(prompt, 1).usage for prompt in prompts]
    if any(usage.source != "engine" for usage in usages):
        return gate(name, False, "the engine does not count the tokens of its replies"), None
    of_few, of_many, with_words, of_turns = (usage.prompt_tokens for usage in usages)
    counted = f"prompts of {few} and {many} sentences count {of_few} and {of_many} tokens"
    if not of_few < of_many or not of_few < with_words:
        return gate(name, False, f"{counted}, and {PROBED} words more {with_words}: that is no count"), None
    sentence, word = (of_many - of_few) / PROBED, (with_words - of_few) / PROBED
    sizes = Sizes(of_few - few * sentence, of_turns - few * sentence, sentence, word)
    return gate(name, True, counted), sizes


def refuses_over_window(talk: Talk, sizes: Sizes) -> Check:
    """One token more than the window is an error. An engine that takes it in answers something else than was asked."""
    name = "refuses_over_window"
    if talk.subject.is_cloud:
        return skipped(name, FINDING, CLOUD_WINDOW)
    sentences, words = sizes.filled(talk.subject.window_tokens + 1, sizes.base)
    over = sizes.tokens(sizes.base, sentences, words)
    refused, detail, numbers = _refused(talk, in_one(talk, sentences, words), over)
    return gate(name, refused, f"a prompt of {detail}", **numbers)


def refuses_long_history(talk: Talk, sizes: Sizes) -> Check:
    """The same as a history. That it is shortened is no more than a finding: see docs/smoke.md."""
    name = "refuses_long_history"
    if talk.subject.is_cloud:
        return skipped(name, FINDING, CLOUD_WINDOW)
    sentences, words = sizes.filled(talk.subject.window_tokens + 1, sizes.history)
    over = sizes.tokens(sizes.history, sentences, words)
    refused, detail, numbers = _refused(talk, in_turns(talk, sentences, words), over)
    return finding(name, refused, f"a history of {detail}", **numbers)


def _refused(talk: Talk, messages: Messages, over: int) -> tuple[bool, str, dict[str, Any]]:
    window = talk.subject.window_tokens
    shown = f"{over} tokens in a window of {window}"
    numbers = {"window_tokens": window, "prompt_tokens": over}
    try:
        counted = talk.ask(messages, 1).usage.prompt_tokens
    except ContextOverflow as refusal:
        return True, f"{shown} is refused: {refusal.message}", numbers
    except InterfaceBroken as refusal:
        return True, f"{shown} is an error that does not name the window: {refusal.message}", numbers
    except TurnOverrun:
        return False, f"{shown} was taken in: truncates silently", numbers
    except EngineFailure as failure:
        if talk.is_late:
            return False, f"{shown} was neither refused nor answered in time", numbers
        still_answers(talk, failure)
        return True, f"{shown} is an error that does not name the window: {failure.message}", numbers
    return False, f"{shown} was answered, {counted} counted: truncates silently", {**numbers, "counted_tokens": counted}


def recalls_the_head(talk: Talk, sizes: Sizes, keeps_all: bool) -> Check:
    """Of a history that nearly fills the window, everything was read, and its first message is known.

    The first is the engine's: a count that falls short is a part that was dropped; it `keeps_all` where it refuses what
    does not fit. The second is the model's, and is only held against it where it does recall in a short history.
    """
    name, window = "recalls_the_head", talk.subject.window_tokens
    able = _recalls(talk.ask(in_turns(talk, FEW_SENTENCES), RECALL_TOKENS))
    unable = "the model does not recall the first message of a short history either"
    if keeps_all and not able:
        return finding(name, None, unable, in_short_history=False)
    wanted, bound = _bounded(talk, int(window * WINDOW_SHARE) - RECALL_TOKENS)
    sentences = sizes.sentences(wanted, sizes.history)
    if sentences <= FEW_SENTENCES:
        return skipped(name, FINDING, bound or f"no more than the short one fits the window of {window}")
    expected = sizes.tokens(sizes.history, sentences)
    reply = talk.ask(in_turns(talk, sentences), RECALL_TOKENS)
    counted, held = reply.usage.prompt_tokens, _recalls(reply)
    numbers: dict[str, Any] = {"window_tokens": window, "prompt_tokens": counted, "in_short_history": able}
    if bound:
        numbers["bound"] = bound
    if reply.truncated or counted < expected * (1 - COUNT_SHARE) - COUNT_TOKENS:
        dropped = f"a history of about {expected} tokens counts {counted}: a part was dropped, and it was answered"
        return gate(name, False, dropped, **numbers)
    shown = f"the first message of a history of {counted} tokens ({counted / window:.0%} of the window"
    shown += f", {bound})" if bound else ")"
    if held:
        return finding(name, True, f"{shown} is recalled", **numbers)
    if not able:
        return finding(name, None, unable, **numbers)
    return finding(name, False, f"{shown} is not recalled, that of a short one is", **numbers)


def _recalls(reply: Completion) -> bool:
    return SECRET in said(reply).lower()


def _bounded(talk: Talk, tokens: int) -> tuple[int, str | None]:
    """So many tokens of a prompt or fewer, and what makes them fewer."""
    readable, bound = talk.readable_tokens(), None
    if readable is not None and readable < tokens:
        tokens, bound = readable, "the engine reads no more for sure in the time there is"
    if talk.subject.is_cloud and tokens > CLOUD_TOKENS:
        return CLOUD_TOKENS, "a cloud's prompt is paid for"
    return tokens, bound


def still_answers(talk: Talk, failure: ChatError) -> None:
    """Whether only this request failed; EngineLost where the engine did not survive it."""
    try:
        talk.ask("Say hello.", 1)
    except (EngineFailure, TurnOverrun, OutOfTime):
        raise EngineLost(failure.message) from None
