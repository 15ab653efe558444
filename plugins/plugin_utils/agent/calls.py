# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of a reply under the trial's contract: which are run, which are refused, and which end the trial."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ..chat import ToolCall
from ..outcome import Verdict
from . import prompt, tools
from .history import History
from .job import SUBMITTED, Ending, Handed, failed
from .journal import Journal
from .ledger import Ledger
from .progress import Progress
from .toolbox import Toolbox

MAX_MALFORMED = 3
MAX_REFUSED = 3


class Calls:
    def __init__(self, autonomy: str, toolbox: Toolbox, history: History, journal: Journal, ledger: Ledger) -> None:
        self._allowed = tools.allowed(autonomy)
        self._toolbox, self._history, self._journal, self._ledger = toolbox, history, journal, ledger
        self._progress = Progress()
        self._malformed = self._refused = 0  # each in a row

    def run(self, calls: Sequence[ToolCall], seconds_left: Callable[[], float]) -> Ending | None:
        """All calls of one reply, in their order. What ends the trial ends it at once."""
        for call in calls:
            self._ledger.tool_calls += 1
            fault = tools.fault(call)
            if fault is not None:
                ending = self._is_malformed(call, fault)
            elif call.name not in self._allowed:
                ending = self._is_refused(call, prompt.refused(call.name, ", ".join(self._allowed)), breach=True)
            elif call.name == "submit":
                ending = self._submit(call)
            elif call.name in tools.HAND_OVER:
                ending = self._hand_over(call)
            else:
                ending = self._run(call, seconds_left)
            if ending is not None:
                return ending
        return None

    def cut_off(self, torn: Sequence[ToolCall]) -> None:
        """A call that the length limit tore apart: neither run nor malformed, and the model is told so."""
        for call in torn:
            self._history.add({"role": "tool", "tool_call_id": call.id, "content": prompt.CUT_OFF})
            self._journal.event("tool", id=call.id, name=call.name, status="cut", result=prompt.CUT_OFF, seconds=0.0)

    def in_text(self, call: ToolCall, what: str) -> Ending | None:
        """A malformed call in a reply's text: there is no result to answer it with."""
        text = prompt.malformed(call.name, what)
        self._history.add({"role": "user", "content": text})
        self._journal.event("user", content=text)
        return self._count_malformed()

    def _submit(self, call: ToolCall) -> Ending | None:
        if not self._toolbox.has_pushed():
            return self._is_refused(call, prompt.NOT_PUSHED, breach=False)
        self._journal.event("tool", id=call.id, name=call.name, status="ok", result="submitted", seconds=0.0)
        return SUBMITTED

    def _hand_over(self, call: ToolCall) -> Ending:
        kind = tools.HAND_OVER[call.name]
        self._journal.event("tool", id=call.id, name=call.name, status="ok", result=kind, seconds=0.0)
        return Ending(Verdict("handed_over", None, kind), handed=Handed(kind, str((call.arguments or {})["reason"])))

    def _run(self, call: ToolCall, seconds_left: Callable[[], float]) -> Ending | None:
        self._malformed = self._refused = 0
        if seconds_left() <= 0:
            return self._result(call, "late", prompt.TIME_UP)
        self._journal.tell(call.name)
        started = time.monotonic()
        result = self._toolbox.run(call, seconds_left())
        seconds = time.monotonic() - started
        self._ledger.tool_seconds += seconds
        for state in self._toolbox.states:
            self._progress.reached(state, self._ledger.turns)
        self._ledger.last_progress_turn = self._progress.last_turn
        return self._result(call, "ok", result, seconds)

    def _is_malformed(self, call: ToolCall, what: str) -> Ending | None:
        return self._result(call, "malformed", prompt.malformed(call.name, what)) or self._count_malformed()

    def _count_malformed(self) -> Ending | None:
        self._malformed += 1
        self._ledger.malformed_calls += 1
        return failed("capability", "malformed_tool_calls") if self._malformed >= MAX_MALFORMED else None

    def _is_refused(self, call: ToolCall, result: str, breach: bool) -> Ending | None:
        self._malformed = 0
        self._refused = self._refused + 1 if breach else 0
        self._ledger.refused_calls += 1
        ending = self._result(call, "refused", result)
        if self._refused >= MAX_REFUSED:
            return failed("capability", "contract_breach")
        return ending

    def _result(self, call: ToolCall, status: str, result: str, seconds: float = 0.0) -> Ending | None:
        self._history.add({"role": "tool", "tool_call_id": call.id, "content": result})
        notes = {"notes": self._toolbox.notes} if status == "ok" and self._toolbox.notes else {}
        self._journal.event(
            "tool", id=call.id, name=call.name, status=status, result=result, seconds=round(seconds, 4), **notes
        )
        return failed("capability", "looping") if self._progress.loops(call, result) else None
