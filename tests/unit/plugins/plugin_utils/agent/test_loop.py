# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop against a model that says what it is told: which ending each course of a trial comes to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import Completion, TurnOverrun
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


def test_submit_after_push_ends_the_trial_at_once(play: Any) -> None:
    ending, agent, model = play([PUSH, calling(tool("submit"), tool("write_file", path="a", content="b"))])
    assert ending.submitted
    assert (agent.ledger.turns, len(model.asked), agent.ledger.tool_calls) == (2, 2, 2)


@pytest.mark.parametrize("turns", [1, 2, 7])
def test_the_turn_limit_t_makes_exactly_t_model_calls(play: Any, turns: int) -> None:
    ending, agent, model = play(different, replace(JOB, budgets=replace(BUDGETS, turns=turns)))
    assert str(ending.verdict) == "failed/turns"
    assert len(model.asked) == turns == agent.ledger.turns


def test_submit_in_the_last_turn_counts(play: Any) -> None:
    ending, _unused, _unused = play([PUSH, SUBMIT], replace(JOB, budgets=replace(BUDGETS, turns=2)))
    assert ending.submitted


def test_a_cut_reply_is_continued_once_then_it_is_the_completion_ceiling(play: Any) -> None:
    ending, agent, model = play([cut(), cut()])
    assert str(ending.verdict) == "failed/tokens/completion"
    assert (len(model.asked), agent.ledger.nudges) == (2, 0)
    assert "cut off" in model.asked[1]["messages"][-1]["content"]


def test_a_continuation_that_calls_a_tool_earns_the_next_cut_another_one(play: Any) -> None:
    write = calling(tool("write_file", path="a", content="b"))
    ending, _unused, _unused = play([cut(), write, cut(), PUSH, SUBMIT])
    assert ending.submitted


def test_a_cut_in_the_last_turn_is_the_completion_ceiling_not_turns(play: Any) -> None:
    ending, _unused, _unused = play([PUSH, cut()], replace(JOB, budgets=replace(BUDGETS, turns=2)))
    assert str(ending.verdict) == "failed/tokens/completion"


def test_a_call_torn_by_the_cut_is_neither_run_nor_malformed_and_the_model_is_told(play: Any) -> None:
    torn = tool("write_file", '{"path": "a')
    ending, agent, model = play([cut(torn), PUSH, cut(tool("submit"), torn)])
    assert ending.submitted
    assert (agent.ledger.malformed_calls, agent.ledger.tool_calls) == (0, 2)
    reply, result = model.asked[1]["messages"][-2:]
    assert reply["tool_calls"][0]["function"]["arguments"] == "{}"
    assert result["role"] == "tool" and "cut off at the length limit" in result["content"]


def test_of_the_calls_in_a_cut_reply_only_the_last_can_be_torn(play: Any) -> None:
    broken = tool("write_file", '{"path": ')
    ending, agent, model = play([cut(broken, tool("list_files"), broken), PUSH, SUBMIT])
    assert ending.submitted
    assert (agent.ledger.malformed_calls, agent.ledger.tool_calls) == (1, 4)
    assert [message["role"] for message in model.asked[1]["messages"][-4:]] == ["assistant", "tool", "tool", "tool"]


def test_a_cut_by_the_rest_of_the_trials_budget_is_the_budget_ceiling(play: Any) -> None:
    ending, _unused, model = play(
        [PUSH, cut(generated=90)], replace(JOB, budgets=replace(BUDGETS, generated_tokens=100))
    )
    assert [one["max_tokens"] for one in model.asked] == [100, 90]
    assert str(ending.verdict) == "failed/tokens/budget"


def test_generated_tokens_end_the_trial_and_come_before_turns(play: Any) -> None:
    plan = [reply("", tool("write_file", path=f"f{number}", content="x"), generated=50) for number in range(2)]
    ending, agent, _unused = play(plan, replace(JOB, budgets=replace(BUDGETS, generated_tokens=100, turns=2)))
    assert str(ending.verdict) == "failed/tokens/budget"
    assert agent.ledger.generated_tokens == 100


def test_a_prompt_that_would_not_fit_the_window_is_not_sent(play: Any) -> None:
    big = calling(tool("write_file", path="a", content="x" * 2000))
    grown = replace(big, usage=replace(big.usage, prompt_tokens=1300, generated_tokens=600))
    ending, _unused, model = play([grown], replace(JOB, window_tokens=2048))
    assert str(ending.verdict) == "failed/tokens/context"
    assert len(model.asked) == 1
    ending, _unused, model = play([PUSH], replace(JOB, window_tokens=300))
    assert (str(ending.verdict), model.asked) == ("failed/tokens/context", [])


def test_a_cut_short_of_what_was_asked_at_the_windows_end_is_the_context_ceiling(play: Any) -> None:
    torn = cut(generated=48)
    ending, _unused, _unused = play(
        [replace(torn, usage=replace(torn.usage, prompt_tokens=2000))],
        replace(JOB, window_tokens=2048),
    )
    assert str(ending.verdict) == "failed/tokens/context"


def test_an_engine_that_truncates_the_prompt_voids_the_trial_even_in_a_submitting_turn(play: Any) -> None:
    first, second = (replace(one, usage=replace(one.usage, prompt_tokens=300)) for one in (PUSH, SUBMIT))
    ending, _unused, _unused = play([first, second])
    assert str(ending.verdict) == "void/engine_error"
    assert "300 tokens" in ending.error


def test_text_without_a_call_is_nudged_twice_then_it_is_a_silent_give_up(play: Any) -> None:
    ending, agent, model = play([reply("I am done."), reply("Really."), reply("Yes.")])
    assert str(ending.verdict) == "failed/capability/silent_give_up"
    assert (agent.ledger.nudges, len(model.asked)) == (2, 3)


def test_a_call_renews_the_patience_with_text(play: Any) -> None:
    talk = [reply("Hm."), reply("Well.")]
    ending, agent, _unused = play([*talk, PUSH, *talk, SUBMIT])
    assert ending.submitted
    assert agent.ledger.nudges == 4


def test_a_malformed_call_is_told_what_was_wrong_and_not_sent_back_broken(play: Any) -> None:
    ending, agent, model = play([calling(tool("write_file", '{"path": "a')), PUSH, SUBMIT])
    assert ending.submitted
    assert agent.ledger.malformed_calls == 1
    *_unused, sent, told = model.asked[1]["messages"]
    assert json.loads(sent["tool_calls"][0]["function"]["arguments"]) == {}
    assert "not valid JSON" in told["content"]


def test_three_malformed_calls_in_a_row_end_the_trial(play: Any) -> None:
    broken = [calling(tool("write_file", '{"path')), calling(tool("no_such_tool")), calling(tool("write_file"))]
    ending, agent, _unused = play(broken)
    assert str(ending.verdict) == "failed/capability/malformed_tool_calls"
    assert agent.ledger.malformed_calls == 3
    ending, _unused, _unused = play([*broken[:2], PUSH, *broken[:2], SUBMIT])
    assert ending.submitted


def test_the_same_call_with_the_same_result_four_times_in_a_row_is_looping(play: Any) -> None:
    same = calling(tool("read_file", path="a"))
    ending, _unused, model = play([same, same, same, same])
    assert str(ending.verdict) == "failed/capability/looping"
    assert len(model.asked) == 4
    other = calling(tool("read_file", path="b"))
    ending, _unused, _unused = play([same, same, same, other, same, PUSH, SUBMIT])
    assert ending.submitted


def test_submit_before_push_is_refused_told_and_counted(play: Any) -> None:
    ending, agent, model = play([SUBMIT, PUSH, SUBMIT])
    assert ending.submitted
    assert agent.ledger.refused_calls == 1
    assert "nothing has been pushed" in model.asked[1]["messages"][-1]["content"]


def test_a_tool_outside_the_autonomy_is_refused_and_insisting_is_a_breach(play: Any) -> None:
    job = replace(JOB, autonomy="write")
    ending, agent, model = play([calling(tool("run_tests")), PUSH, SUBMIT], job)
    assert ending.submitted
    assert agent.ledger.refused_calls == 1
    assert "write_file, push, submit" in model.asked[1]["messages"][-1]["content"]
    outside = [calling(tool("run_tests")), calling(tool("list_files")), calling(tool("read_file", path="a"))]
    ending, agent, _unused = play(outside, job)
    assert str(ending.verdict) == "failed/capability/contract_breach"
    assert agent.ledger.refused_calls == 3


def test_a_stream_stopped_by_the_clock_is_wall_clock_and_its_tokens_are_counted(play: Any) -> None:
    def plan() -> Iterator[Completion]:
        yield PUSH
        raise TurnOverrun(5.0, 77)

    ending, agent, _unused = play(plan)
    assert str(ending.verdict) == "failed/wall_clock"
    assert (agent.ledger.turns, agent.ledger.generated_tokens, agent.ledger.usage_source) == (2, 87, "estimated")


def test_time_up_between_turns_is_wall_clock_unless_the_model_has_submitted(play: Any) -> None:
    job = replace(JOB, budgets=replace(BUDGETS, wall_clock_seconds=1e-9))
    ending, _unused, model = play([PUSH], job)
    assert (str(ending.verdict), model.asked) == ("failed/wall_clock", [])


def test_every_turn_has_its_own_seed_and_the_chat_config(play: Any) -> None:
    _unused, _unused, model = play([PUSH, SUBMIT], replace(JOB, seed=2**31 - 1, sampling={"temperature": 0.4}))
    assert [one["sampling"] for one in model.asked] == [
        {"temperature": 0.4, "seed": 2**31 - 1},
        {"temperature": 0.4, "seed": 0},
    ]


def test_the_transcript_holds_every_word_both_ways_in_json_lines(play: Any, tmp_path: Path) -> None:
    play([calling(tool("write_file", path="a", content="\ud800")), reply("hm"), PUSH, SUBMIT])
    events = [json.loads(line) for line in (tmp_path / "transcript.jsonl").read_text(encoding="ascii").splitlines()]
    assert [(event["event"], event["turn"]) for event in events] == [
        ("opening", 0),
        ("model", 1),
        ("assistant", 1),
        ("tool", 1),
        ("model", 2),
        ("assistant", 2),
        ("user", 2),
        ("model", 3),
        ("assistant", 3),
        ("tool", 3),
        ("model", 4),
        ("assistant", 4),
        ("tool", 4),
    ]
    assert events[1]["completion"]["tool_calls"][0]["arguments"] == json.dumps({"path": "a", "content": "\ud800"})
    assert events[3]["result"] == "ok"
