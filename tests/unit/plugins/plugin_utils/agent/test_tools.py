# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the model may call, and what a well-formed call is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent import BadBudgets, Budgets
from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.budgets import LIFTED
from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.tools import (
    AUTONOMY,
    UnknownAutonomy,
    allowed,
    fault,
    schemas,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import ToolCall


def call(name: str, arguments: dict[str, Any]) -> ToolCall:
    return ToolCall("1", name, json.dumps(arguments), arguments)


def test_every_autonomy_can_finish() -> None:
    for name in AUTONOMY:
        assert {"push", "submit"} <= set(allowed(name))


def test_an_unknown_autonomy_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownAutonomy, match=r"'boss'.*write, edit, full"):
        allowed("boss")


def test_only_the_full_autonomy_runs_commands_and_the_smallest_hands_nothing_over() -> None:
    assert [name for name in AUTONOMY if "run_command" in allowed(name)] == ["full"]
    assert [name for name in AUTONOMY if "defer_to_human" in allowed(name)] == ["edit", "full"]


def test_schemas_are_what_the_autonomy_allows_in_openai_form() -> None:
    shown = schemas("write")
    assert [schema["function"]["name"] for schema in shown] == ["write_file", "push", "submit"]
    assert shown[0]["function"]["parameters"] == {
        "type": "object",
        "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
        "required": ["path", "content"],
    }


@pytest.mark.parametrize(
    ("name", "arguments", "what"),
    [
        ("write_file", {"path": "a"}, "content is missing"),
        ("write_file", {"path": "a", "content": None}, "content is missing"),
        ("write_file", {"path": "a", "content": 5}, "content must be of type string"),
        ("read_file", {"path": "a", "start_line": "1"}, "start_line must be of type integer"),
        ("read_file", {"path": "a", "start_line": True}, "start_line must be of type integer"),
        ("submit", {"force": True}, "no argument named force"),
        ("delete_all", {}, "no tool named delete_all"),
    ],
)
def test_a_call_that_does_not_fit_its_schema_is_malformed(name: str, arguments: dict[str, Any], what: str) -> None:
    assert what in str(fault(call(name, arguments)))


def test_optional_arguments_may_be_left_out_or_null() -> None:
    assert fault(call("read_file", {"path": "a", "end_line": None})) is None
    assert fault(call("list_files", {})) is None


@pytest.mark.parametrize("value", [0, -1, None, "8", True])
def test_a_budget_must_be_a_number_above_zero(value: Any) -> None:
    given = dict.fromkeys(
        ("turns", "generated_tokens", "completion_tokens", "wall_clock_seconds", "command_seconds"), 5
    )
    assert Budgets.from_mapping(given).turns == 5
    with pytest.raises(BadBudgets, match="turns"):
        Budgets.from_mapping({**given, "turns": value})


GIVEN = dict.fromkeys(("turns", "generated_tokens", "completion_tokens", "wall_clock_seconds", "command_seconds"), 8)


@pytest.mark.parametrize(
    ("ceiling", "detail", "more"),
    [
        ("turns", None, {"turns": 16}),
        ("tokens", "budget", {"generated_tokens": 16}),
        ("tokens", "completion", {"completion_tokens": 16, "turns": 16}),
        ("wall_clock", None, {}),
    ],
)
def test_past_a_ceiling_its_budget_is_doubled_and_what_is_coupled_to_it_is_lifted(
    ceiling: str, detail: str | None, more: dict[str, int]
) -> None:
    beyond = Budgets.from_mapping(GIVEN).beyond(ceiling, detail)
    assert beyond is not None
    assert beyond.wall_clock_seconds == 16  # never lifted: the host is held for so long
    assert beyond.command_seconds == 8
    lifted = {"turns": LIFTED, "generated_tokens": LIFTED, "completion_tokens": 8}
    assert {name: getattr(beyond, name) for name in lifted} == lifted | more


def test_no_budget_mends_a_window_a_model_or_a_trial_without_probe() -> None:
    budgets = Budgets.from_mapping(GIVEN)
    assert budgets.beyond("tokens", "context") is None
    assert budgets.beyond("capability", "looping") is None
    assert Budgets.from_mapping({**GIVEN, "probe_factor": 1}).beyond("turns", None) is None
    with pytest.raises(BadBudgets, match="probe_factor"):
        Budgets.from_mapping({**GIVEN, "probe_factor": 0.5})
