# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent loop: model call, tool calls, results, again, until a terminal tool or a ceiling ends it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from ..chat import Completion, ContextOverflow, Deadlines, EngineFailure, InterfaceBroken, ToolCall, TurnOverrun
from ..outcome import Verdict
from . import prompt, tools
from .history import History
from .job import SUBMITTED, Ending, Job, Model, failed
from .journal import Journal
from .ledger import Ledger
from .toolbox import Toolbox
from .transcript import Transcript

MAX_NUDGES = 2
MAX_MALFORMED = 3
MAX_REFUSED = 3
MAX_SAME = 4


class Agent:
    def __init__(
        self, job: Job, model: Model, toolbox: Toolbox, transcript: Transcript, tell: Callable[[dict[str, Any]], None]
    ) -> None:
        self.ledger = Ledger()
        self._job, self._model, self._toolbox = job, model, toolbox
        self._journal = Journal(transcript, tell, self.ledger, job.budgets.turns)
        self._tools = tools.schemas(job.autonomy)
        self._allowed = tools.allowed(job.autonomy)
        opening = [{"role": "system", "content": prompt.SYSTEM}, {"role": "user", "content": job.prompt}]
        self._history = History(opening, self._tools)
        self._started = time.monotonic()
        self._continuing = False
        self._texts = self._malformed = self._refused = self._same = 0  # each in a row
        self._last_call: tuple[str, str, str] | None = None

    def run(self) -> Ending:
        self._started = time.monotonic()
        self._journal.event("opening", messages=list(self._history.messages), tools=self._tools)
        try:
            while (ending := self._ceiling() or self._turn()) is None:
                pass
        except ContextOverflow as error:
            ending = failed("tokens", "context", str(error))
        except InterfaceBroken as error:
            ending = failed("interface", error.part, str(error))
        except TurnOverrun as error:
            self.ledger.add_overrun(error.seconds, error.generated_estimate)
            ending = failed("wall_clock", error=str(error))
        except EngineFailure as error:
            ending = Ending(Verdict("void", None, "engine_error"), str(error))
        finally:
            self._journal.flush()
        return ending

    def _ceiling(self) -> Ending | None:
        """What forbids the next call. The order is the precedence of the closed list."""
        job, used = self._job, self.ledger
        if self._history.prompt_estimate() + self._max_tokens() > job.window_tokens:
            return failed("tokens", "context")
        if used.generated_tokens >= job.budgets.generated_tokens:
            return failed("tokens", "budget")
        if used.turns >= job.budgets.turns:
            return failed("turns")
        if self._seconds_left() <= 0:
            return failed("wall_clock")
        return None

    def _turn(self) -> Ending | None:
        asked = self._max_tokens()
        completion = self._complete(asked)
        # What the cut tore apart is not the model's mistake; whole calls before it stand.
        calls = [call for call in completion.tool_calls if not (completion.cut and call.malformed)]
        self._reply(completion, calls)
        self._history.counted(completion)
        if completion.cut and not calls:
            ending = self._cut(completion, asked)
        elif not calls:
            ending = self._nudge()
        else:
            self._texts = 0
            ending = self._calls(calls)
        self._continuing = completion.cut and not calls
        self._journal.flush()
        self._journal.tell("turn")
        return ending

    def _complete(self, asked: int) -> Completion:
        job, used = self._job, self.ledger
        used.turns += 1
        deadlines = Deadlines(self._started + job.budgets.wall_clock_seconds, job.silence_seconds)
        # Another seed per turn: the same one would draw the same numbers again and again.
        sampling = {**job.sampling, "seed": (job.seed + used.turns - 1) % 2**31}
        self._journal.tell("model")
        completion = self._model.complete(
            self._history.messages, self._tools, sampling, asked, deadlines, self._journal.streaming()
        )
        used.add(completion)
        self._journal.completion(completion, asked, sampling)
        return completion

    def _reply(self, completion: Completion, calls: list[ToolCall]) -> None:
        if not calls:
            self._history.add_reply({"role": "assistant", "content": prompt.assistant_text(completion)})
            return
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
        self._history.add_reply({"role": "assistant", "content": completion.text, "tool_calls": sent})

    def _cut(self, completion: Completion, asked: int) -> Ending | None:
        usage, budgets = completion.usage, self._job.budgets
        if usage.generated_tokens < asked and usage.prompt_tokens + usage.generated_tokens >= self._job.window_tokens:
            return failed("tokens", "context")
        if asked < budgets.completion_tokens:
            return failed("tokens", "budget")
        if self._continuing or self.ledger.turns >= budgets.turns:
            return failed("tokens", "completion")
        self._say(prompt.CONTINUE)
        return None

    def _nudge(self) -> Ending | None:
        if self._texts >= MAX_NUDGES:
            return failed("capability", "silent_give_up")
        self._texts += 1
        self.ledger.nudges += 1
        self._say(prompt.NUDGE)
        return None

    def _calls(self, calls: list[ToolCall]) -> Ending | None:
        """All calls of one reply, in their order. What ends the trial ends it at once."""
        for call in calls:
            self.ledger.tool_calls += 1
            fault = tools.fault(call)
            if fault is not None:
                ending = self._is_malformed(call, fault)
            elif call.name not in self._allowed:
                ending = self._is_refused(call, prompt.refused(call.name, ", ".join(self._allowed)), breach=True)
            elif call.name == "submit":
                if self._toolbox.pushed_commit is not None:
                    self._journal.event("tool", name=call.name, status="ok", result="submitted", seconds=0.0)
                    return SUBMITTED
                ending = self._is_refused(call, prompt.NOT_PUSHED, breach=False)
            else:
                ending = self._run(call)
            if ending is not None:
                return ending
        return None

    def _run(self, call: ToolCall) -> Ending | None:
        self._malformed = self._refused = 0
        if self._seconds_left() <= 0:
            return self._result(call, "late", prompt.TIME_UP)
        self._journal.tell(call.name)
        started = time.monotonic()
        result = self._toolbox.run(call, self._seconds_left())
        seconds = time.monotonic() - started
        self.ledger.tool_seconds += seconds
        return self._result(call, "ok", result, seconds)

    def _is_malformed(self, call: ToolCall, what: str) -> Ending | None:
        self._malformed += 1
        self.ledger.malformed_calls += 1
        ending = self._result(call, "malformed", prompt.malformed(call.name, what))
        if self._malformed >= MAX_MALFORMED:
            return failed("capability", "malformed_tool_calls")
        return ending

    def _is_refused(self, call: ToolCall, result: str, breach: bool) -> Ending | None:
        self._malformed = 0
        self._refused = self._refused + 1 if breach else 0
        self.ledger.refused_calls += 1
        ending = self._result(call, "refused", result)
        if self._refused >= MAX_REFUSED:
            return failed("capability", "contract_breach")
        return ending

    def _result(self, call: ToolCall, status: str, result: str, seconds: float = 0.0) -> Ending | None:
        self._history.add({"role": "tool", "tool_call_id": call.id, "content": result})
        self._journal.event("tool", id=call.id, name=call.name, status=status, result=result, seconds=round(seconds, 4))
        this = (call.name, json.dumps(call.arguments, sort_keys=True), result)
        self._same = self._same + 1 if this == self._last_call else 1
        self._last_call = this
        return failed("capability", "looping") if self._same >= MAX_SAME else None

    def _say(self, text: str) -> None:
        self._history.add({"role": "user", "content": text})
        self._journal.event("user", content=text)

    def _max_tokens(self) -> int:
        budgets = self._job.budgets
        return max(0, min(budgets.completion_tokens, budgets.generated_tokens - self.ledger.generated_tokens))

    def _seconds_left(self) -> float:
        return self._started + self._job.budgets.wall_clock_seconds - time.monotonic()
