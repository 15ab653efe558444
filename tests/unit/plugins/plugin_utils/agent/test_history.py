# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent of the history, and what the engine's count of it gives away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.compaction import KEPT_RESULTS, without_old_output
from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.history import History
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import Completion, EngineFailure, Usage
from ansible_collections.local_llm.lab.tests.fakes.played_model import (
    BUDGETS,
    JOB,
    PUSH,
    SUBMIT,
    calling,
    reply,
    tool,
)


def reading() -> Iterator[Completion]:
    for number in range(1, 11):
        yield calling(tool("read_file", path=f"f{number}"))
    yield PUSH
    yield SUBMIT


def counted(prompt: int, generated: int = 10, reasoning: int = 0) -> Completion:
    return replace(reply("ok"), usage=Usage(prompt, 0, generated, reasoning, "engine"))


def test_full_history_ends_at_the_window_where_less_of_it_goes_on(play: Any) -> None:
    small = replace(JOB, budgets=replace(BUDGETS, turns=20), window_tokens=4500)
    ending, _unused, _unused = play(reading, small)
    assert str(ending.verdict) == "failed/tokens/context"
    ending, _unused, model = play(reading, replace(small, history="drop_old_tool_output"))
    assert ending.submitted
    results = [one["content"] for one in model.asked[-1]["messages"] if one["role"] == "tool"]
    assert any("old output dropped" in result for result in results)
    assert not any("old output dropped" in result for result in results[-KEPT_RESULTS:-1])


def test_a_summary_is_the_models_own_and_is_charged(play: Any) -> None:
    def plan() -> Iterator[Completion]:
        for number in range(1, 5):
            yield calling(tool("read_file", path=f"f{number}"))
        yield reply("I read f1 to f4.", generated=33)
        yield PUSH
        yield SUBMIT

    ending, agent, model = play(plan, replace(JOB, window_tokens=2900, history="summarise"))
    assert ending.submitted
    assert (agent.ledger.turns, agent.ledger.compactions) == (7, 1)
    assert agent.ledger.generated_tokens == 6 * 10 + 33
    after = model.asked[5]["messages"]
    assert after[1]["content"] == "Do it."
    assert after[2] == {"role": "user", "content": "Earlier work, in your own words:\nI read f1 to f4."}
    assert after[3]["tool_calls"][0]["function"]["arguments"] == json.dumps({"path": "f3"})


def test_a_result_never_stands_without_its_call(play: Any) -> None:
    def plan() -> Iterator[Completion]:
        number = 0
        while True:
            number += 1
            yield calling(tool("read_file", path=f"f{number}"), tool("read_file", path=f"g{number}"))

    _unused, _unused, model = play(plan, replace(JOB, window_tokens=6000, history="summarise"))
    assert len(model.asked) > 3
    for asked in model.asked:
        calls: list[str] = []
        for message in asked["messages"]:
            calls += [call["id"] for call in message.get("tool_calls", [])]
            if message["role"] == "tool":
                assert calls.pop(0) == message["tool_call_id"]


def test_short_results_and_the_last_ones_are_kept() -> None:
    results = [{"role": "tool", "tool_call_id": str(n), "content": "x" * (10 if n == 0 else 900)} for n in range(8)]
    kept = without_old_output(results)
    assert kept[0] == results[0]
    assert kept[-KEPT_RESULTS:] == results[-KEPT_RESULTS:]
    assert "900 characters" in kept[1]["content"]
    assert without_old_output(kept) == kept


def test_a_prompt_counted_at_less_than_the_history_implies_was_truncated() -> None:
    opening = [{"role": "system", "content": "word " * 400}, {"role": "user", "content": "Do it."}]
    with pytest.raises(EngineFailure, match="truncated the prompt: it counts 150"):
        History(opening, []).counted(counted(150))
    history = History(opening, [])
    history.counted(counted(402))
    history.add({"role": "tool", "tool_call_id": "1", "content": "word " * 300})
    with pytest.raises(EngineFailure, match="implies at least 553"):
        history.counted(counted(420))


def test_echoed_reasoning_that_a_template_drops_is_no_truncation() -> None:
    history = History([{"role": "user", "content": "Do it."}], [])
    history.counted(counted(300, 200, 150), echoed=True)
    history.add({"role": "user", "content": "Go on."})
    history.counted(counted(290), echoed=True)


def test_after_a_compaction_a_smaller_count_is_no_truncation() -> None:
    history = History([{"role": "user", "content": "word " * 100}], [])
    history.counted(counted(4000))
    history.replace([{"role": "user", "content": "short"}])
    history.counted(counted(12))
    assert history.prompt_estimate() == 22


def test_the_model_is_told_what_it_used_only_where_that_is_the_level(play: Any) -> None:
    told = replace(JOB, tell_budget=True)
    _unused, _unused, model = play([PUSH, SUBMIT], told)
    assert model.asked[1]["messages"][-1]["content"].endswith("[used: 1 of 8 turns, 10 of 900 tokens]")
    _unused, _unused, model = play([PUSH, SUBMIT])
    assert "used:" not in json.dumps(model.asked[1]["messages"])
