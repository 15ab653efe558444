# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks at their end, and a sweep at the end of what it may take."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

PASSED = {"outcome": "passed", "ceiling": None, "detail": None}
STEADY = [30.0, 31.0, 29.5, 30.5, 30.0]
SLOWER = [20.0, 21.0, 19.5, 20.5, 20.0]


def record(speeds: list[float]) -> dict[str, Any]:
    median = sorted(speeds)[len(speeds) // 2] if speeds else None
    return PASSED | {"generated_tokens_per_second": median, "turn_speeds": speeds}


def run(lab: Any, block: int, opening: list[float], closing: list[float]) -> None:
    session = lab.session()
    while claim := lab.next(session, block):
        anchor = claim.trial["purpose"] == "anchor"
        speeds = (opening if claim.trial["replicate"] == 1 else closing) if anchor else STEADY
        lab.store.record(claim, record(speeds))


@pytest.mark.parametrize(
    ("closing", "state"),
    [
        (STEADY, "complete"),
        (SLOWER, "drifted"),
        (SLOWER[:1], "complete"),  # too few turns to tell it from noise
        ([29.0, 45.0, 14.0, 26.0, 20.0], "complete"),  # slower, but all over the place
    ],
)
def test_a_block_under_which_the_speed_drifted_is_known_by_its_anchors(
    lab: Any, closing: list[float], state: str
) -> None:
    run(lab, 0, STEADY, closing)
    (settled,) = lab.store.settle_blocks(lab.id, lab.host_class.id)
    assert (settled["number"], settled["state"], settled["numbers"]["host"]) == (0, state, "box")
    assert settled["numbers"]["opening_tokens_per_second"] == 30.0
    assert settled["numbers"]["drifted"] == (state == "drifted")
    assert lab.store.settle_blocks(lab.id, lab.host_class.id) == [], "judged once"
    (block, *others) = lab.store.summary(lab.id)["blocks"]
    assert (block["state"], block["numbers"]) == (state, settled["numbers"])
    assert {one["state"] for one in others} == {"planned"}


def test_a_block_that_is_still_run_is_not_judged(lab: Any) -> None:
    session = lab.session()
    while (claim := lab.next(session)) and claim.trial["replicate"] != 2:
        lab.store.record(claim, PASSED)
        assert lab.store.settle_blocks(lab.id, lab.host_class.id) == []


def test_without_its_anchors_nothing_drifted(lab: Any) -> None:
    run(lab, 0, [], [])
    (settled,) = lab.store.settle_blocks(lab.id, lab.host_class.id)
    assert settled["state"] == "complete"


@pytest.mark.parametrize(
    ("limits", "one_record", "runs", "reason"),
    [
        ({"trials": 5}, {}, 5, "5 of 5 trials were taken"),
        ({"generated_tokens": 100}, {"generated_tokens": 30}, 4, "120 of 100 generated tokens were taken"),
        (
            {"generated_tokens": 100},
            {"generated_tokens": 30, "probe": {"used": {"generated_tokens": 60}}},
            2,
            "120 of 100 generated tokens were taken",
        ),
        ({"hours": 0.5}, {"process_seconds": 700.0}, 3, "0.5833 of 0.5 hours were taken"),
        ({"hours": 0.5, "trials": 2}, {"process_seconds": 700.0}, 2, "2 of 2 trials were taken"),
    ],
)
def test_a_sweep_ends_where_it_has_taken_what_it_may(
    lab: Any, limits: dict[str, Any], one_record: dict[str, Any], runs: int, reason: str
) -> None:
    lab.sweep = replace(lab.sweep, limits=limits)
    lab.plan()
    session, done = lab.session(), 0
    while claim := lab.next(session):
        lab.store.record(claim, PASSED | {"probe": None} | one_record)
        done += 1
    assert done == runs
    cells = lab.store.summary(lab.id)["cells"]
    assert {(cell["state"], cell["numbers"]["reason"]) for cell in cells} == {("budget_spent", reason)}
    assert lab.store.blocks(lab.id, lab.host_class.id) == [] and lab.store.complete(lab.id)


def test_money_is_what_a_cloud_took_at_the_prices_of_the_day(lab: Any) -> None:
    price = {"from": "2026-01-01", "prompt_per_million": 3, "generated_per_million": 15, "currency": "EUR"}
    cloud = {"id": "o-1", "context_tokens": 9000, "prices": [price]}
    lab.reopen(new=True)
    lab.sweep = replace(lab.sweep, limits={"money": 0.25})
    planned = replace(lab.planned(), models={"tiny": lab.model.as_dict() | {"cloud": cloud}})
    lab.store.plan(lab.generation, planned, lab.sweep.as_dict(), [])
    session, done = lab.session(), 0
    used = {"prompt_tokens": 20_000, "cached_tokens": 10_000, "generated_tokens": 4_000, "probe": None}
    while claim := lab.next(session):
        lab.store.record(claim, PASSED | used)
        done += 1
    assert done == 3, "0.12 each, a cached token as dear as any"
    cell = lab.store.summary(lab.id)["cells"][0]
    assert cell["numbers"] == {
        "reason": "0.36 of 0.25 money were taken", "limit": "money", "allowed": 0.25, "taken": 0.36,
    }  # fmt: skip


def test_what_past_trials_took_is_known_by_model_and_class_of_hosts(lab: Any) -> None:
    assert lab.store.seen({"tiny": lab.model.as_dict()}) == {}
    session = lab.session()
    for seconds in (10.0, 30.0, 20.0):
        claim = lab.claim(session)
        took = {"process_seconds": seconds, "prompt_tokens": 900, "cached_tokens": 600, "generated_tokens": 70}
        lab.store.record(claim, PASSED | took)
    seen = lab.store.seen({"tiny": lab.model.as_dict(), "other": {"digest": "another one"}})
    assert seen == {(lab.host_class.id, "tiny"): (20.0, 900.0, 600.0, 70.0, 0.0)}
