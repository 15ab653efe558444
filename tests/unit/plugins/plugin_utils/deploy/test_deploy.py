# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a decision file says again, and the record of what is deployed: no host, no engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.errors import LabError
from ansible_collections.local_llm.lab.plugins.plugin_utils.deploy.decided import SCHEMA, NotDecided, decided
from ansible_collections.local_llm.lab.plugins.plugin_utils.deploy.record import (
    NothingBefore,
    after,
    as_text,
    is_current,
    path_of,
    previous_of,
    read_record,
    write_record,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.deploy.trial import why_not
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import decision as findings_decision

CHOSEN: dict[str, Any] = {
    "model": "tiny",
    "digest": "d",
    "cell": "c",
    "label": "baseline",
    "host_class": "h",
    "load": {"context_tokens": 2048},
    "chat": {"temperature": 0.3},
    "evidence": "passed 9 of 9",
}
ENTRY = {"duty": "builder", "tier": "lite", "chosen": CHOSEN, "why": "it passed"}
WHOLE: dict[str, Any] = {
    "schema": SCHEMA,
    "sweep": "night",
    "generation": {"number": 3},
    "interim": False,
    "suite": {"canaries": {"hello_file": {}}},
    "decisions": [ENTRY, {"duty": "builder", "tier": "full", "chosen": None, "why": "None is good enough: no trial."}],
}


def test_what_is_written_is_what_is_read() -> None:
    assert findings_decision.SCHEMA == SCHEMA


def test_the_choice_for_a_duty_and_tier_with_what_it_rests_on(tmp_path: Path) -> None:
    found = decided(written(tmp_path, WHOLE), "builder", "lite")
    assert {name: found[name] for name in CHOSEN} == CHOSEN
    assert found["decision"] == {
        "sweep": "night", "generation": 3, "cell": "c", "label": "baseline", "evidence": "passed 9 of 9"
    }  # fmt: skip
    assert found["suite"] == WHOLE["suite"]


@pytest.mark.parametrize(
    ("content", "tier", "said"),
    [
        (None, "lite", "cannot be read"),
        ("a: [", "lite", "is no YAML"),
        ("- 1", "lite", "its schema is None"),
        (WHOLE | {"schema": "local_llm.lab/decision/1"}, "lite", "decision/1, not local_llm.lab/decision/2"),
        (WHOLE | {"interim": True}, "lite", "is interim"),
        (WHOLE, "cloud", "says nothing of the duty builder on cloud hosts; it has: builder on full, builder on lite"),
        (WHOLE, "full", "Nothing is decided for builder on full hosts: None is good enough"),
        (WHOLE | {"decisions": [ENTRY | {"chosen": {"model": "x"}}]}, "lite", "lacks digest, cell"),
    ],
)
def test_a_wrong_decision_file_says_what_is_wrong_and_what_to_do(
    tmp_path: Path, content: Any, tier: str, said: str
) -> None:
    with pytest.raises(NotDecided, match="Remedy") as raised:
        decided(written(tmp_path, content), "builder", tier)
    assert said in str(raised.value)


def written(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "decision.yml"
    if content is not None:
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


EMPTY = {"current": None, "previous": None, "rolled_back": None}
NAMES = st.sampled_from("abc")


@given(deployed=st.lists(NAMES, max_size=6))
def test_what_is_deployed_is_current_and_what_differed_from_it_last_is_previous(deployed: list[str]) -> None:
    record: dict[str, Any] = dict(EMPTY)
    for number, model in enumerate(deployed):
        record = after(record, {"model": model}, f"at {number}")
        assert is_current(record, {"model": model})
    different = [name for index, name in enumerate(deployed) if index == 0 or deployed[index - 1] != name]
    assert (record["current"] or {}).get("model") == (different[-1] if different else None)
    assert (record["previous"] or {}).get("model") == (different[-2] if len(different) > 1 else None)


@given(before=NAMES, now=NAMES)
def test_deploying_the_same_again_changes_not_even_the_time(before: str, now: str) -> None:
    record = after(after(dict(EMPTY), {"model": before}, "1"), {"model": now}, "2")
    assert after(record, {"model": now}, "3") == record


def test_a_rollback_goes_back_once_and_never_forth(tmp_path: Path) -> None:
    record = after(after(dict(EMPTY), {"model": "good"}, "1"), {"model": "bad"}, "2")
    write_record(tmp_path, "gb10", record)
    back = previous_of(tmp_path, "gb10")
    assert back.pop("at") == "1"
    write_record(tmp_path, "gb10", after(record, back, "3", rolled_back=True))
    now = read_record(tmp_path, "gb10")
    assert (now["current"]["model"], now["rolled_back"]["model"]) == ("good", "bad")
    with pytest.raises(NothingBefore, match="no decision is known from before"):
        previous_of(tmp_path, "gb10")


def test_a_host_without_a_record_has_nothing(tmp_path: Path) -> None:
    assert read_record(tmp_path, "gb10") == EMPTY
    assert as_text(EMPTY) == ""


def test_a_record_that_cannot_be_read_is_not_overwritten(tmp_path: Path) -> None:
    path = path_of(tmp_path, "gb10")
    path.parent.mkdir()
    path.write_text("schema: something else\n")
    with pytest.raises(LabError, match="move it away"):
        read_record(tmp_path, "gb10")


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"outcome": "passed"}, None),
        ({"outcome": "passed", "not_applied": "reasoning came"}, "passed, but reasoning came"),
        ({"outcome": "failed", "ceiling": "turns", "turns": 6}, "ended failed/turns after 6 turns"),
        ({"outcome": "void", "detail": "engine_error", "error": "gone"}, "ended void/engine_error (gone) after 0"),
    ],
)
def test_only_a_passed_smoke_trial_with_its_config_applied_speaks_for_a_deployment(
    record: dict[str, Any], said: str | None
) -> None:
    found = why_not(record)
    assert found is None if said is None else said in str(found)
