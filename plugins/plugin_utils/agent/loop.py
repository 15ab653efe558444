# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent loop: model call, tool calls, results, again, until a terminal tool or a ceiling ends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from ...module_utils.errors import LabError
from ..chat import (
    Completion,
    ContextOverflow,
    Deadlines,
    EngineFailure,
    InterfaceBroken,
    OptionRefused,
    ToolCall,
    TurnOverrun,
    assistant_message,
)
from ..outcome import Verdict
from . import compaction, prompt, tools
from .calls import Calls
from .history import History
from .job import Ending, Job, Model, Probe, failed
from .journal import Journal
from .ledger import Ledger
from .text_calls import TextStyle
from .toolbox import Toolbox
from .transcript import Transcript

MAX_NUDGES = 2


class Reply(NamedTuple):
    """A completion, and what it was asked for."""

    completion: Completion
    max_tokens: int
    seconds: float


class Agent:
    """`at_ceiling` is called when the verdict is fixed: it is about the work as it stands then."""

    def __init__(
        self,
        job: Job,
        model: Model,
        toolbox: Toolbox,
        transcript: Transcript,
        tell: Callable[[dict[str, Any]], None],
        at_ceiling: Callable[[], None] = lambda: None,
    ) -> None:
        self.ledger = Ledger()
        self._job, self._at_ceiling = job, at_ceiling
        self._budgets = job.budgets
        self._journal = Journal(transcript, tell, self.ledger, job.budgets.turns)
        offered = tools.schemas(job.autonomy)
        in_text = job.tool_style == "text"
        self._model: Model = TextStyle(model) if in_text else model
        self._tools = [] if in_text else offered
        system = prompt.system(job.prompt_variant, offered if in_text else ())
        self._opening = [{"role": "system", "content": system}, {"role": "user", "content": job.prompt}]
        self._history = History(self._opening, self._tools)
        self._calls = Calls(job.autonomy, toolbox, self._history, self._journal, self.ledger)
        self._started = time.monotonic()
        self._held: Reply | None = None
        self._continuing = False
        self._texts: list[bool] = []  # replies in a row that called no tool: whether a call stands in their text

    def run(self) -> Ending:
        self._started = time.monotonic()
        self._journal.event("opening", messages=self._opening, tools=self._tools, tool_style=self._job.tool_style)
        try:
            ending = self._until_end()
            return self._probed(ending)
        finally:
            self._journal.flush()

    def _until_end(self) -> Ending:
        try:
            while (ending := self._ceiling() or self._turn()) is None:
                pass
        except ContextOverflow as error:
            return failed("tokens", "context", str(error))
        except InterfaceBroken as error:
            return failed("interface", error.part, str(error))
        except TurnOverrun as error:
            self.ledger.add_overrun(error)
            return failed("wall_clock", error=str(error))
        except OptionRefused as error:
            return Ending(Verdict("void", None, "engine_error"), str(error), not_applied=error.message)
        except EngineFailure as error:
            return Ending(Verdict("void", None, "engine_error"), str(error))
        return ending

    def _probed(self, ending: Ending) -> Ending:
        """The verdict is fixed. Past a ceiling the same trial goes on, to see whether more of the budget mends it."""
        verdict, factor = ending.verdict, self._budgets.probe_factor
        if verdict is None or verdict.ceiling in (None, "capability", "interface") or factor <= 1:
            return ending
        at, elapsed = self.ledger.as_record(), self._elapsed()
        beyond = self._budgets.beyond(verdict.ceiling, verdict.detail)
        shown = None if beyond is None else dict(vars(beyond))
        self._journal.event("ceiling", verdict=str(verdict), used=at, budgets=shown)
        if beyond is None:
            return replace(ending, probe=Probe(factor, at, ending, 0.0))
        try:
            self._at_ceiling()
            self._budgets = beyond
            self._journal.limit(beyond.turns)
            if self._held is None and self._history.messages[-1]["role"] == "assistant":
                self._say(prompt.CONTINUE)
                self._continuing = False
            ended = self._until_end()
        except LabError as error:
            ended = Ending(Verdict("void", None, "harness_error"), str(error))
        return replace(ending, probe=Probe(factor, at, ended, self._elapsed() - elapsed))

    def _ceiling(self) -> Ending | None:
        """What forbids the next call. The order is the precedence of the closed list."""
        if self._held is not None:
            return None
        if self._used_up() is None and self._next_tokens() > compaction.FULL_SHARE * self._job.window_tokens:
            self._compact()
        if self._next_tokens() > self._job.window_tokens:
            return failed("tokens", "context")
        return self._used_up()

    def _used_up(self) -> Ending | None:
        budgets, used = self._budgets, self.ledger
        if used.generated_tokens >= budgets.generated_tokens:
            return failed("tokens", "budget")
        if used.turns >= budgets.turns:
            return failed("turns")
        return failed("wall_clock") if self._seconds_left() <= 0 else None

    def _turn(self) -> Ending | None:
        reply, self._held = self._held or self._ask(), None
        if self._late(reply):
            # Under its own budget it would have been stopped: not acted on before the verdict is fixed.
            self._held = reply
            return failed("wall_clock")
        completion = reply.completion
        calls, torn = _whole_and_torn(completion)
        message = assistant_message(completion, [*calls, *torn], self._job.echo_reasoning)
        self._history.add_reply(message)
        self._journal.reply(message)
        self._history.counted(completion, self._job.echo_reasoning)
        ending = self._calls.run(calls, self._seconds_left)
        if ending is None:
            self._calls.cut_off(torn)
        if calls:
            self._texts.clear()
        elif completion.cut:
            ending = self._cut(reply, bool(torn))
        else:
            ending = self._text(completion)
        self._continuing = completion.cut and not calls
        if ending is None and self._job.tell_budget:
            self._tell_budget()
        self._journal.flush()
        self._journal.tell("turn")
        return ending

    def _ask(self) -> Reply:
        job, used, budgets = self._job, self.ledger, self._budgets
        used.turns += 1
        asked, started = self._max_tokens(), time.monotonic()
        # Where a trial goes on past its ceilings, a call is not stopped at them either: the verdict is fixed after it.
        over = budgets.beyond("wall_clock", None) or budgets
        turn_at = self._started + over.wall_clock_seconds
        if over.turn_seconds:
            turn_at = min(turn_at, started + over.turn_seconds)
        # Another seed per turn: the same one would draw the same numbers again and again.
        sampling = {**job.sampling, "seed": (job.seed + used.turns - 1) % 2**31}
        self._journal.tell("model")
        completion = self._model.complete(
            self._history.messages,
            self._tools,
            sampling,
            asked,
            Deadlines(turn_at, job.silence_seconds),
            self._journal.streaming(),
        )
        used.add(completion)
        self._journal.completion(completion, asked, sampling)
        return Reply(completion, asked, time.monotonic() - started)

    def _late(self, reply: Reply) -> bool:
        limit = self._budgets.turn_seconds
        return self._seconds_left() <= 0 or bool(limit and reply.seconds > limit)

    def _cut(self, reply: Reply, told: bool) -> Ending | None:
        usage, budgets = reply.completion.usage, self._budgets
        full = usage.prompt_tokens + usage.generated_tokens >= self._job.window_tokens
        if usage.generated_tokens < reply.max_tokens and full:
            return failed("tokens", "context")
        if reply.max_tokens < budgets.completion_tokens:
            return failed("tokens", "budget")
        if self._continuing or self.ledger.turns >= budgets.turns:
            return failed("tokens", "completion")
        if not told:
            self._say(prompt.CONTINUE)
        return None

    def _text(self, completion: Completion) -> Ending | None:
        """A reply that calls no tool. Calls in its text are the engine's to find, where they are well formed."""
        torn = next(((call, what) for call in completion.text_calls if (what := tools.fault(call))), None)
        if torn is not None:
            return self._calls.in_text(*torn)
        self._texts.append(bool(completion.text_calls))
        if len(self._texts) > MAX_NUDGES:
            if all(self._texts):
                return failed("interface", "parser", "the engine left well-formed calls in the text of every reply")
            return failed("capability", "silent_give_up")
        self.ledger.nudges += 1
        self._say(prompt.NUDGE_IN_TEXT if self._job.tool_style == "text" else prompt.NUDGE)
        return None

    def _compact(self) -> None:
        level, messages, before = self._job.history, self._history.messages, self._history.prompt_estimate()
        if level == "drop_old_tool_output":
            compacted = compaction.without_old_output(messages)
        elif level == "summarise" and compaction.can_summarise(messages, len(self._opening)):
            compacted = compaction.summarised(messages, len(self._opening), self._summary(), prompt.SUMMARY)
        else:
            return
        if compacted == messages:
            return
        self._history.replace(compacted)
        after = self._history.prompt_estimate()
        self._journal.event("compaction", level=level, before_tokens=before, after_tokens=after, messages=compacted)

    def _summary(self) -> str:
        """The model's own, and charged like any other of its turns."""
        used = self.ledger
        used.turns += 1
        used.compactions += 1
        budget = max(1, self._budgets.generated_tokens - used.generated_tokens)
        asked = min(compaction.SUMMARY_TOKENS, self._budgets.completion_tokens, budget)
        messages = [*self._history.messages, {"role": "user", "content": prompt.SUMMARISE}]
        over = self._budgets.beyond("wall_clock", None) or self._budgets
        deadlines = Deadlines(self._started + over.wall_clock_seconds, self._job.silence_seconds)
        completion = self._model.complete(messages, [], self._job.sampling, asked, deadlines)
        used.add(completion)
        self._journal.completion(completion, asked, self._job.sampling, summary=prompt.SUMMARISE)
        return completion.text

    def _tell_budget(self) -> None:
        budgets, used = self._job.budgets, self.ledger
        text = prompt.used(used.turns, budgets.turns, used.generated_tokens, budgets.generated_tokens)
        self._history.append_to_last(text)
        self._journal.event("budget", content=text)

    def _say(self, text: str) -> None:
        self._history.add({"role": "user", "content": text})
        self._journal.event("user", content=text)

    def _next_tokens(self) -> int:
        return self._history.prompt_estimate() + self._max_tokens()

    def _max_tokens(self) -> int:
        budgets = self._budgets
        return max(0, min(budgets.completion_tokens, budgets.generated_tokens - self.ledger.generated_tokens))

    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _seconds_left(self) -> float:
        return self._budgets.wall_clock_seconds - self._elapsed()


def _whole_and_torn(completion: Completion) -> tuple[list[ToolCall], list[ToolCall]]:
    """What the cut tore apart, which only the last call can be, is not the model's mistake; calls before it stand."""
    calls = list(completion.tool_calls)
    torn = completion.cut and bool(calls) and calls[-1].malformed is not None
    return (calls[:-1], calls[-1:]) if torn else (calls, [])
