# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The smoke gate: in seconds, whether this model under this load config can run a trial at all, and how it behaves.

`docs/smoke.md` says of each check what it is for, whether it gates, and how long it may take.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from ..chat import (
    Client,
    Completion,
    ContextOverflow,
    Deadlines,
    EngineFailure,
    InterfaceBroken,
    OptionRefused,
    TurnOverrun,
)
from .basics import answers, stops
from .calling import calls_a_tool, echoes_a_file, reuses_the_prompt
from .check import FINDING, GATE, MEASURE, Check, finding, gate, skipped
from .effects import reasoning, sampling
from .rescue import kept, named, others
from .speed import PROMPTS_TOKENS, generates, prefill
from .talk import EngineLost, NotReloaded, OutOfTime, Settings, Subject, Talk
from .window import (
    Sizes,
    counts_tokens,
    recalls_the_head,
    refuses_long_history,
    refuses_over_window,
    still_answers,
)

# What each check may take. Those that do not gate share REST_SECONDS beside that.
LIMITS_SECONDS: dict[str, float] = {
    "answers": 120,
    "stops": 90,
    "calls_a_tool": 240,
    "counts_tokens": 90,
    "refuses_over_window": 30,
    "refuses_long_history": 20,
    "echoes_a_file": 30,
    "reuses_the_prompt": 20,
    "sampling": 30,
    "reasoning": 20,
    "recalls_the_head": 30,
    "prefill_8k": 20,
    "prefill_32k": 40,
    "generates": 1,
}
REST_SECONDS = 90.0
TELL_SECONDS = 5.0
# An engine that ends with such a prompt is no outage: the next model may fare better.
LONG = ("refuses_over_window", "refuses_long_history", "recalls_the_head", *PROMPTS_TOKENS)
# Checks that are made in one go.
TOGETHER = {"sampling": ("seed", "temperature")}

Tell = Callable[[str], None]
Reload = Callable[[Settings], str]


@dataclass(frozen=True)
class Smoked:
    """`settings` is what the trials are to be run with beside their own config; empty where that is nothing.

    `applied` says of seed, temperature and reasoning whether they do anything; None where it could not be told.
    `model` is what requests call the model now.
    """

    checks: list[dict[str, Any]]
    settings: Settings = field(default_factory=dict)
    applied: dict[str, bool | None] = field(default_factory=dict)
    model: str = ""

    @property
    def ok(self) -> bool:
        return all(check["ok"] for check in self.checks)


def smoke(subject: Subject, reload: Reload, tell: Tell, known: Settings | None = None) -> Smoked:
    """Run the checks; a gate that does not hold ends it.

    `reload(settings)` loads the model anew with the chat template of these settings, the asked one where they have
    none, and returns what requests call it; NotReloaded rules the settings out. With `known`, the settings that an
    earlier smoke of this load config ended with, it is only seen that the model answers.

    An engine that cannot be reached says nothing about the model: its EngineFailure is the caller's. EngineLost is one
    that a long prompt ended; it has the checks.
    """
    run = _Run(subject, reload, tell)
    try:
        run.whole() if known is None else run.again(known)
    except EngineLost as lost:
        lost.checks = [asdict(check) for check in run.done]
        raise
    finally:
        run.talk.close()
    held = {check.name: check.numbers["held"] for check in run.done}
    applied = {name: held.get(name) for name in ("seed", "temperature", "reasoning")}
    settings = run.talk.settings if all(check.ok for check in run.done) else {}
    return Smoked([asdict(check) for check in run.done], settings, applied, run.talk.subject.model)


def engine_answers(base_url: str, api_key: str | None, model: str, engine: str) -> None:
    """One short completion, or the EngineFailure that says why there is none."""
    with Client(base_url, api_key, model, engine) as client:
        deadlines = Deadlines(turn_at=time.monotonic() + LIMITS_SECONDS["answers"])
        client.complete([{"role": "user", "content": "Say hello."}], [], {"seed": 1}, 16, deadlines)


class _Run:
    """One smoke. `done` are the checks so far."""

    def __init__(self, subject: Subject, reload: Reload, tell: Tell) -> None:
        self.talk = Talk(subject, {})
        self.done: list[Check] = []
        self._reload, self._tell = reload, tell
        self._rest = REST_SECONDS
        self._loaded: dict[str, str | None] | None = {"chat_template": None}  # None: nothing is
        self._greeting: Completion | None = None
        self._called: Completion | None = None
        self._sizes: Sizes | None = None

    def again(self, known: Settings) -> None:
        self._become(known)
        if self._make("answers", GATE, self._answers) and known:
            self.done.append(finding("rescued", True, f"{named(known)}, as found before", settings=kept(known)))

    def whole(self) -> None:
        all(self._steps())  # the first that keeps the trials from running is the last

    def _steps(self) -> Iterator[bool]:
        yield self._speaks() or self._rescued()
        yield self._make("counts_tokens", GATE, self._counts)
        sizes, called, greeting = self._sizes, self._called, self._greeting
        if sizes is None or called is None or greeting is None:
            return
        talk = self.talk
        yield self._make("refuses_over_window", GATE, partial(refuses_over_window, talk, sizes))
        yield self._make("refuses_long_history", FINDING, partial(refuses_long_history, talk, sizes))
        keeps_all = self.done[-1].numbers["held"] is True
        yield self._make("echoes_a_file", FINDING, partial(echoes_a_file, talk))
        yield self._make("reuses_the_prompt", MEASURE, partial(reuses_the_prompt, talk, called))
        yield self._make("sampling", FINDING, partial(sampling, talk, greeting))
        yield self._make("reasoning", FINDING, partial(reasoning, talk))
        yield self._make("recalls_the_head", FINDING, partial(recalls_the_head, talk, sizes, keeps_all))
        for name in PROMPTS_TOKENS:
            yield self._make(name, MEASURE, partial(prefill, talk, sizes, name))
        yield self._make("generates", MEASURE, partial(generates, talk))

    def _speaks(self) -> bool:
        """What another template or tool style may mend."""
        return (
            self._make("answers", GATE, self._answers)
            and self._make("stops", GATE, self._stops)
            and self._make("calls_a_tool", GATE, self._calls)
        )

    def _rescued(self) -> bool:
        """Try the other settings; with the first that work the smoke goes on."""
        failed = self.done
        tried = [f"as asked, {failed[-1].name}: {failed[-1].detail}"]
        subject, calls_failed = self.talk.subject, failed[-1].name == "calls_a_tool"
        for settings in others(subject.alternatives, self.talk.tool_style, calls_failed):
            what = named(settings)
            self._tell(f"smoke of {subject.label}: {failed[-1].name.replace('_', ' ')} failed, trying {what}")
            self.done = []
            try:
                self._become(settings)
            except NotReloaded as refusal:
                tried.append(f"{what}: {refusal.message}")
                continue
            if self._speaks():
                worked = f"{what} works; {'; '.join(tried)}"
                self.done.append(finding("rescued", True, worked, settings=kept(settings)))
                return True
            tried.append(f"{what}, {self.done[-1].name}: {self.done[-1].detail}")
        last = replace(failed[-1], detail="; ".join([failed[-1].detail, *tried[1:]]))
        self.done = [*failed[:-1], last]
        return False

    def _become(self, settings: Settings) -> None:
        subject = self.talk.subject
        wanted = {"chat_template": settings.get("chat_template")}
        if wanted != self._loaded:
            self._loaded = None
            subject = replace(subject, model=self._reload(settings))
            self._loaded = wanted
        self.talk.close()
        self.talk = Talk(subject, settings)

    def _answers(self) -> Check:
        check, self._greeting = answers(self.talk)
        return check

    def _stops(self) -> Check:
        return stops(self.talk, self._greeting) if self._greeting else skipped("stops", GATE, "there is no answer")

    def _calls(self) -> Check:
        check, self._called = calls_a_tool(self.talk)
        return check

    def _counts(self) -> Check:
        check, self._sizes = counts_tokens(self.talk)
        return check

    def _make(self, name: str, kind: str, make: Callable[[], Check | list[Check]]) -> bool:
        """Whether the trials may still run after this check; it is told of when it takes long."""
        limit = LIMITS_SECONDS[name] if kind == GATE else min(LIMITS_SECONDS[name], self._rest)
        started = time.monotonic()
        self.talk.until = started + limit
        said = f"smoke of {self.talk.subject.label}: {name.replace('_', ' ')} takes its time, {limit:.0f} s at most"
        teller = threading.Timer(TELL_SECONDS, self._tell, [said])
        teller.daemon = True
        teller.start()
        try:
            made = self._made(name, kind, make)
        finally:
            teller.cancel()
        seconds = time.monotonic() - started
        if kind != GATE:
            self._rest = max(0.0, self._rest - seconds)
        made = [replace(check, numbers={**check.numbers, "seconds": round(seconds, 2)}) for check in made]
        self.done += made
        return all(check.ok for check in made)

    def _made(self, name: str, kind: str, make: Callable[[], Check | list[Check]]) -> list[Check]:
        """A check that the engine broke off is not made; one that only measures keeps no trial from running."""
        names = TOGETHER.get(name, (name,))
        try:
            made = make()
            return made if isinstance(made, list) else [made]
        except (TurnOverrun, OutOfTime):
            return [skipped(one, kind, _late(name)) for one in names]
        except (ContextOverflow, InterfaceBroken, OptionRefused) as failure:
            return [skipped(one, kind, failure.message) for one in names]
        except EngineFailure as failure:
            if kind == GATE and not isinstance(failure, EngineLost):
                raise
            late = self.talk.is_late
            self.talk.until = time.monotonic() + LIMITS_SECONDS["answers"]
            try:
                still_answers(self.talk, failure)
            except EngineLost as lost:
                if name not in LONG:
                    raise failure from None
                self.done.append(gate(name, False, lost.message))
                raise
            return [skipped(one, kind, _late(name) if late else failure.message) for one in names]


def _late(name: str) -> str:
    return f"it was not at its end after {LIMITS_SECONDS[name]:.0f} s"
