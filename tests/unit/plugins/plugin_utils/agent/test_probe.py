# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Past a ceiling: the verdict is fixed, and the same trial goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent import Ending
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import Completion, EngineFailure, TurnOverrun
from ansible_collections.local_llm.lab.tests.fakes import played_model
from ansible_collections.local_llm.lab.tests.fakes.played_model import (
    BUDGETS,
    JOB,
    PUSH,
    SUBMIT,
    calling,
    cut,
    different,
    reply,
    tool,
)

PROBING = replace(JOB, budgets=replace(BUDGETS, probe_factor=2.0))


def under(**budgets: Any) -> Any:
    return replace(PROBING, budgets=replace(PROBING.budgets, **budgets))


def write(number: int) -> Completion:
    return calling(tool("write_file", path=f"f{number}", content="x"))


def ends(ending: Ending) -> tuple[str, str]:
    assert ending.probe is not None
    probe = ending.probe.ended
    return str(ending.verdict), "submitted" if probe.submitted else str(probe.verdict)


def test_the_verdict_under_the_turn_budget_stands_and_a_late_submission_is_seen(play: Any) -> None:
    ending, agent, model = play([write(1), write(2), PUSH, SUBMIT], under(turns=2))
    assert ends(ending) == ("failed/turns", "submitted")
    assert (ending.probe.at["turns"], agent.ledger.turns, len(model.asked)) == (2, 4, 4)
    assert ending.probe.at["generated_tokens"] == 20


def test_a_probe_of_turns_ends_at_twice_as_many_whatever_tokens_they_take(play: Any) -> None:
    ending, agent, _unused = play(different, under(turns=3, generated_tokens=35))
    assert ends(ending) == ("failed/turns", "failed/turns")
    assert agent.ledger.turns == 6
    assert agent.ledger.generated_tokens > 35


def test_a_probe_of_tokens_ends_at_twice_as_many_whatever_turns_they_take(play: Any) -> None:
    ending, agent, _unused = play(different, under(turns=4, generated_tokens=25))
    assert ends(ending) == ("failed/tokens/budget", "failed/tokens/budget")
    assert (ending.probe.at["turns"], agent.ledger.turns) == (3, 5)


def test_a_cut_reply_gets_a_longer_limit_and_is_asked_to_go_on(play: Any) -> None:
    ending, _unused, model = play([cut(), cut(), PUSH, SUBMIT], PROBING)
    assert ends(ending) == ("failed/tokens/completion", "submitted")
    assert [one["max_tokens"] for one in model.asked] == [160, 160, 320, 320]
    assert "cut off" in model.asked[2]["messages"][-1]["content"]


def test_a_loop_in_the_probe_ends_it(play: Any) -> None:
    same = calling(tool("read_file", path="a"))
    ending, _unused, _unused = play([write(1), same, same, same, same], under(turns=3))
    assert ends(ending) == ("failed/turns", "failed/capability/looping")


def test_the_window_is_not_a_budget(play: Any) -> None:
    ending, _unused, model = play([write(1), write(2)], replace(PROBING, window_tokens=900))
    assert str(ending.verdict) == "failed/tokens/context"
    assert ending.probe is not None
    assert ending.probe.ended.verdict == ending.verdict
    assert len(model.asked) < 3


@pytest.mark.parametrize(
    "plan",
    [[PUSH, SUBMIT], [reply("Done.")] * 3, [calling(tool("defer_to_human", reason="which of both?"))]],
    ids=["submitted", "gave up", "handed over"],
)
def test_what_ends_within_its_budgets_is_not_probed(play: Any, plan: list[Completion]) -> None:
    ending, _unused, _unused = play(plan, PROBING)
    assert ending.probe is None


def test_an_engine_that_fails_in_the_probe_takes_nothing_back(play: Any) -> None:
    def plan() -> Iterator[Completion]:
        yield write(1)
        raise EngineFailure("The engine is gone.")

    ending, _unused, _unused = play(plan, under(turns=1))
    assert ends(ending) == ("failed/turns", "void/engine_error")


def test_a_sandbox_that_dies_in_the_probe_takes_nothing_back(play: Any, monkeypatch: Any) -> None:
    from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import SandboxDied

    honest = played_model.Sandbox.call

    def dies(self: Any, op: str, arguments: Any, timeout_seconds: float) -> Any:
        if arguments.get("path") == "f2":
            raise SandboxDied("The sandbox ended.", "none")
        return honest(self, op, arguments, timeout_seconds)

    monkeypatch.setattr(played_model.Sandbox, "call", dies)
    ending, _unused, _unused = play([write(1), write(2)], under(turns=1))
    assert ends(ending) == ("failed/turns", "void/harness_error")


def test_a_turn_over_its_own_limit_is_the_wall_clock_and_its_calls_wait_for_the_verdict(play: Any) -> None:
    ending, _agent, model = play([PUSH, SUBMIT], under(turn_seconds=1e-9))
    assert ends(ending)[0] == "failed/wall_clock"
    assert ending.probe.at["tool_calls"] == 0
    ending, _agent, model = play([PUSH, SUBMIT], under(turn_seconds=1e-9, probe_factor=1e12))
    assert ends(ending) == ("failed/wall_clock", "submitted")
    assert len(model.asked) == 2


def test_a_stream_that_never_ends_is_the_wall_clock_twice(play: Any) -> None:
    class Endless(Iterator[Completion]):
        def __next__(self) -> Completion:
            raise TurnOverrun(120.0, 77)

    ending, _agent, _unused = play(Endless, PROBING)
    assert ends(ending) == ("failed/wall_clock", "failed/wall_clock")
    assert ending.probe.at["generated_tokens"] == 77


def test_the_transcript_marks_where_the_verdict_was_fixed(play: Any, tmp_path: Path) -> None:
    play([write(1), PUSH, SUBMIT], under(turns=1))
    events = [json.loads(line) for line in (tmp_path / "transcript.jsonl").read_text().splitlines()]
    mark = next(event for event in events if event["event"] == "ceiling")
    assert (mark["turn"], mark["verdict"], mark["budgets"]["turns"]) == (1, "failed/turns", 2)
    assert mark["used"]["generated_tokens"] == 10
