# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A trial's spec, and the verdict an ending and a grade come to."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.job import SUBMITTED, failed
from ansible_collections.local_llm.lab.plugins.plugin_utils.trial.runner import verdict
from ansible_collections.local_llm.lab.plugins.plugin_utils.trial.spec import BadSpec, Spec

GIVEN: dict[str, Any] = {
    "trial": "t1",
    "attempt": 1,
    "folder": "/f",
    "scratch": "/s",
    "base_url": "http://127.0.0.1:1",
    "api_key": "sk-secret",
    "model": "m",
    "window_tokens": 4096,
    "canary": "/c",
    "budgets": dict.fromkeys(
        ("turns", "generated_tokens", "completion_tokens", "wall_clock_seconds", "command_seconds"), 5
    ),
    "chat": {},
    "seed": 1,
    "sandbox": None,
    "guardians": [{"pid": 1, "started": "x"}],
}


@pytest.mark.parametrize(
    ("passed", "has_tests", "tests", "expected"),
    [
        (True, True, "red", "passed"),
        (True, False, "not_run", "passed"),
        (False, True, "green", "failed/capability/wrong_result"),
        (False, True, "red", "failed/capability/declared_done_early"),
        (False, True, "not_run", "failed/capability/declared_done_early"),
        (False, False, "not_run", "failed/capability/wrong_result"),
    ],
)
def test_a_submission_is_judged_by_its_grade(passed: bool, has_tests: bool, tests: str, expected: str) -> None:
    assert str(verdict(SUBMITTED, passed, has_tests, tests)) == expected


def test_a_ceiling_stands_whatever_the_grade() -> None:
    assert str(verdict(failed("turns"), True, True, "green")) == "failed/turns"


def test_the_key_is_shown_nowhere() -> None:
    spec = Spec.from_mapping(GIVEN)
    assert spec.api_key == "sk-secret"
    assert "sk-secret" not in repr(spec) + str(spec.shown())


@pytest.mark.parametrize("name", sorted(set(GIVEN) - {"sandbox", "api_key"}))
def test_a_missing_field_is_named(name: str) -> None:
    given = {key: value for key, value in GIVEN.items() if key != name}
    with pytest.raises(BadSpec, match=name):
        Spec.from_mapping(given)


def test_an_unknown_field_is_named_without_its_value() -> None:
    with pytest.raises(BadSpec, match="apikey") as caught:
        Spec.from_mapping({**GIVEN, "apikey": "sk-secret"})
    assert "sk-secret" not in str(caught.value)
