# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runtime enforces: terminal tools, hand-overs, and calls that stand in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent import Handed
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import Completion, OptionRefused
from ansible_collections.local_llm.lab.tests.fakes import played_model
from ansible_collections.local_llm.lab.tests.fakes.played_model import JOB, PUSH, SUBMIT, calling, reply, tool


def in_text(*calls: Any) -> Completion:
    return replace(reply("<tool_call>"), text_calls=calls)


@pytest.mark.parametrize(("name", "kind"), [("defer_to_human", "deferred"), ("escalate_to_architect", "escalated")])
def test_handing_over_ends_the_trial_with_the_reason(play: Any, name: str, kind: str) -> None:
    ending, _unused, model = play([calling(tool(name, reason="The two rules contradict."), tool("submit"))])
    assert str(ending.verdict) == f"handed_over/{kind}"
    assert ending.handed == Handed(kind, "The two rules contradict.")
    assert len(model.asked) == 1


def test_handing_over_needs_a_reason_and_the_autonomy(play: Any) -> None:
    ending, agent, _unused = play([calling(tool("defer_to_human")), PUSH, SUBMIT])
    assert ending.submitted
    assert agent.ledger.malformed_calls == 1
    ending, agent, _unused = play(
        [calling(tool("defer_to_human", reason="x")), PUSH, SUBMIT], replace(JOB, autonomy="write")
    )
    assert ending.submitted
    assert agent.ledger.refused_calls == 1


def test_calls_that_the_engine_left_in_the_text_are_its_own_fault_not_a_give_up(play: Any) -> None:
    ending, agent, _unused = play([in_text(tool("push", message="m"))] * 3)
    assert str(ending.verdict) == "failed/interface/parser"
    assert agent.ledger.nudges == 2


def test_one_reply_without_a_call_among_them_is_the_models(play: Any) -> None:
    found = in_text(tool("push", message="m"))
    ending, _unused, _unused = play([found, reply("Done."), found])
    assert str(ending.verdict) == "failed/capability/silent_give_up"


def test_calls_in_the_text_that_are_malformed_there_are_the_models(play: Any) -> None:
    torn = in_text(tool("write_file", '{"path": '))
    ending, agent, model = play([torn, torn, torn])
    assert str(ending.verdict) == "failed/capability/malformed_tool_calls"
    assert (agent.ledger.malformed_calls, agent.ledger.nudges) == (3, 0)
    assert "was not run, its arguments are not valid JSON" in model.asked[1]["messages"][-1]["content"]


def test_a_tool_there_is_none_of_is_malformed_in_the_text_as_well(play: Any) -> None:
    ending, _unused, _unused = play([in_text(tool("rm_rf"))] * 3)
    assert str(ending.verdict) == "failed/capability/malformed_tool_calls"


def test_a_push_by_a_command_is_one(play: Any, monkeypatch: Any) -> None:
    honest = played_model.Sandbox.call

    def pushed(self: Any, op: str, arguments: Any, timeout_seconds: float) -> Any:
        exported = {"ok": True, "commit": "c0ffee", "bundle": "cGFjaw=="}
        return exported if op == "export" else honest(self, op, arguments, timeout_seconds)

    monkeypatch.setattr(played_model.Sandbox, "call", pushed)
    ending, agent, _unused = play([SUBMIT])
    assert ending.submitted
    assert agent.ledger.refused_calls == 0


def test_a_chat_config_that_the_engine_refuses_is_named(play: Any) -> None:
    class Refusing(Iterator[Completion]):
        def __next__(self) -> Completion:
            raise OptionRefused("This model does not think.", "take reasoning out")

    ending, _unused, _unused = play(Refusing)
    assert str(ending.verdict) == "void/engine_error"
    assert ending.not_applied == "This model does not think."
