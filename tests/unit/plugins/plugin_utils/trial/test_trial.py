# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A trial's spec, and the verdict an ending and a grade come to."""

from __future__ import annotations

from typing import Any

import pytest

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
