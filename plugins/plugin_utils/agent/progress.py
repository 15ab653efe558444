# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a trial gets anywhere: what tells a model that goes round in circles from one that runs out of turns."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from ..chat import ToolCall

IN_A_ROW = 4
WITHOUT_PROGRESS = 5
# A run time or an address in an output makes no other output.
_NOISE = re.compile(r"\b\d+\.\d+ ?s(ec(onds?)?)?\b|0x[0-9a-f]{6,}")
_FAILING = re.compile(r"^(?:FAIL|ERROR|FAILED)[: ]\s*(\S.*?)(?: - .*)?$", re.MULTILINE)


class Progress:
    """A state of the tree, or a set of failing tests, that was not there before is progress; nothing else is."""

    def __init__(self) -> None:
        self.last_turn = 0
        self._states: set[str] = set()
        self._seen: Counter[tuple[str, str, str]] = Counter()
        self._last: tuple[str, str, str] | None = None
        self._row = 0

    def reached(self, state: str, turn: int) -> None:
        """What the work has come to; a state seen before is none."""
        if state not in self._states:
            self._states.add(state)
            self._seen.clear()
            self.last_turn = turn

    def loops(self, call: ToolCall, result: str) -> bool:
        """Whether this call with this result was made too often: in a row, or without progress in between."""
        this = (call.name, _same_arguments(call), _NOISE.sub("…", result))
        self._row = self._row + 1 if this == self._last else 1
        self._last = this
        self._seen[this] += 1
        return self._row >= IN_A_ROW or self._seen[this] >= WITHOUT_PROGRESS


def failing_state(exit_code: Any, output: str) -> str:
    """The failing tests of a run by name, where the output names them; else the output without its run times."""
    failing = sorted(set(_FAILING.findall(output)))
    return json.dumps(["tests", exit_code, failing or _NOISE.sub("…", output)])


def _same_arguments(call: ToolCall) -> str:
    return call.arguments_text if call.arguments is None else json.dumps(call.arguments, sort_keys=True)
