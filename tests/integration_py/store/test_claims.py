# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims and records: one at a time, in order, and final."""

from __future__ import annotations

import os
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.store import ClaimLost, SessionOver, Store, claims

PASSED = {"outcome": "passed", "ceiling": None, "detail": None, "turns": 3}
FAILED = {"outcome": "failed", "ceiling": "tokens", "detail": "completion"}
ENGINE_ERROR = {"outcome": "void", "ceiling": None, "detail": "engine_error"}
OOM_GUARD = {
    "outcome": "void", "ceiling": None, "detail": "oom_guard", "error": "below the floor",
    "lowest_available_bytes": 5 * 2**30,
}  # fmt: skip


def test_trials_are_claimed_in_the_order_of_the_plan(lab: Any) -> None:
    session = lab.session()
    planned = [trial for trial in lab.planned().trials if trial.block == 0]
    claimed = []
    while claim := lab.next(session):
        claimed.append(claim.trial["id"])
        assert claim.attempt == 1 and claim.trial["block"] == 0
        lab.store.record(claim, PASSED)
    assert claimed == [trial.id for trial in planned] and len(claimed) == 8 + 3
    assert lab.claim(session, block=1) is not None, "the other block still waits"


def test_a_record_is_final(lab: Any) -> None:
    session = lab.session()
    claim = lab.claim(session)
    assert lab.store.record(claim, PASSED) == "done"
    with pytest.raises(ClaimLost):
        lab.store.record(claim, FAILED)
    trial = lab.trial(claim.trial["id"])
    assert (trial["state"], trial["record"], trial["host"]) == ("done", PASSED, "box")


def test_a_failed_trial_counts_and_is_not_run_again(lab: Any) -> None:
    session = lab.session()
    claim = lab.claim(session)
    assert lab.store.record(claim, FAILED) == "done"
    assert lab.claim(session).trial["id"] != claim.trial["id"]


def test_a_void_trial_runs_again_at_most_twice_then_its_cell_is_unstable(lab: Any) -> None:
    session = lab.session()
    first = lab.claim(session)
    states, claim = [lab.store.record(first, ENGINE_ERROR)], None
    for attempt in (2, 3):
        claim = lab.claim(session)
        assert (claim.trial["id"], claim.attempt) == (first.trial["id"], attempt)
        states.append(lab.store.record(claim, ENGINE_ERROR))
    assert states == ["planned", "planned", "void"]
    trial = lab.trial(first.trial["id"])
    assert [attempt["why"] for attempt in trial["attempts"]] == ["engine_error"] * 3
    assert trial["record"] == ENGINE_ERROR
    cells = {cell["id"]: cell for cell in lab.store.summary(lab.id)["cells"]}
    unstable = cells.pop(first.trial["cell"])
    assert unstable["state"] == "unstable" and unstable["numbers"]["voids"] == ["engine_error"] * 3
    assert {cell["state"] for cell in cells.values()} == {"open"}
    while claim := lab.claim(session):
        assert claim.trial["cell"] != first.trial["cell"]
        lab.store.record(claim, PASSED)


def test_what_frames_a_block_closes_no_cell_whatever_becomes_of_it(lab: Any) -> None:
    session = lab.session()
    for _unused in range(3):
        warm_up = lab.next(session)
        assert warm_up.trial["purpose"] == "warm_up"
        lab.store.record(warm_up, ENGINE_ERROR)
    anchor = lab.next(session)
    assert (anchor.trial["purpose"], anchor.trial["replicate"]) == ("anchor", 1)
    handed = {"outcome": "handed_over", "ceiling": None, "detail": "deferred"}
    not_applied = {"not_applied": "the window is smaller", "handed": {"kind": "deferred", "reason": "?"}}
    assert lab.store.record(anchor, handed | not_applied) == "done"
    assert set(lab.cell_states()) == {"open"} and not lab.store.pauses()
    assert lab.next(session).trial["purpose"] == "measure"


def test_what_frames_a_block_runs_only_around_something_that_is_measured(lab: Any) -> None:
    session = lab.session()
    temperature, load = (lab.store.summary(lab.id)["cells"][number]["id"] for number in (1, 2))
    lab.store.set_cell_state(load, "infeasible")
    assert lab.next(session, block=1) is None and lab.next(session, block=2) is None
    assert [block.number for block in lab.store.blocks(lab.id, lab.host_class.id)] == [0, 3]
    while (claim := lab.next(session)) and claim.trial["replicate"] != 2:
        lab.store.record(claim, PASSED)
    lab.store.record(claim, OOM_GUARD)
    assert lab.next(session) is None, "no closing anchor where nothing loads any more"
    assert lab.store.blocks(lab.id, lab.host_class.id) == [] and temperature


def test_one_host_runs_a_block_and_another_one_goes_on_where_it_died(lab: Any) -> None:
    session, elsewhere = lab.session(), lab.session(controller="elsewhere")
    here = (lab.id, "box", lab.host_class.id, 0, session.id)
    assert lab.store.take_block(*here, seconds=60) and lab.store.take_block(*here, seconds=60)
    assert not lab.store.take_block(lab.id, "attic", lab.host_class.id, 0, elsewhere.id, seconds=60)
    assert lab.next(elsewhere, host="attic") is None and lab.next(elsewhere, block=1, host="attic") is not None
    held = {block.number: block.held_by for block in lab.store.blocks(lab.id, lab.host_class.id)}
    assert held == {0: "box", 1: "attic", 2: None, 3: None}
    lab.store.leave_block(lab.id, "attic", lab.host_class.id, 0)
    assert lab.next(elsewhere, host="attic") is None, "nobody lets go what another one holds"
    claim = lab.next(session)
    lab.store.record(claim, PASSED)
    assert lab.next(elsewhere, host="attic") is None, "between two trials it is held as well"
    lab.store.end_session(session.id)
    assert lab.next(elsewhere, host="attic").trial["purpose"] == "anchor"


def test_a_block_that_is_held_for_too_long_goes_to_another_host(lab: Any) -> None:
    session, elsewhere = lab.session(), lab.session(controller="elsewhere")
    assert lab.store.take_block(lab.id, "box", lab.host_class.id, 0, session.id, seconds=-1)
    assert lab.next(elsewhere, host="attic") is not None
    assert not lab.store.take_block(lab.id, "box", lab.host_class.id, 0, session.id, seconds=60)
    lab.store.leave_block(lab.id, "attic", lab.host_class.id, 0)
    assert lab.store.take_block(lab.id, "box", lab.host_class.id, 0, session.id, seconds=60)


def test_a_void_then_a_verdict_counts_the_verdict(lab: Any) -> None:
    session = lab.session()
    trial_id = lab.claim(session).trial["id"]
    lab.store.abandon([session.id])
    lab.store.record(lab.claim(session), ENGINE_ERROR)
    lab.store.record(lab.claim(session), PASSED)
    trial = lab.trial(trial_id)
    assert [attempt["state"] for attempt in trial["attempts"]] == ["abandoned", "void", "done"]
    assert trial["record"] == PASSED


def test_the_guard_makes_the_load_config_infeasible_at_once(lab: Any) -> None:
    session = lab.session()
    claim = lab.claim(session)
    assert lab.store.record(claim, OOM_GUARD) == "void"
    assert lab.claim(session) is None
    states = {cell["load"]["context_tokens"]: cell for cell in lab.store.summary(lab.id)["cells"]}
    assert states[4096]["state"] == "infeasible"
    assert states[4096]["numbers"] == {
        "why": "oom_guard", "host": "box", "reason": "below the floor", "lowest_available_bytes": 5 * 2**30,
    }  # fmt: skip
    assert states[8192]["state"] == "open" and lab.claim(session, block=1) is not None


def test_what_is_no_outcome_is_not_recorded(lab: Any) -> None:
    claim = lab.claim(lab.session())
    with pytest.raises(ValueError, match="not an outcome"):
        lab.store.record(claim, PASSED | {"outcome": "crashed"})
    assert lab.trial(claim.trial["id"])["state"] == "running"


def test_a_block_that_failed_its_smoke_is_not_run(lab: Any) -> None:
    session = lab.session()
    block = lab.store.blocks(lab.id, lab.host_class.id)[0]
    assert (block.number, block.model, block.trials_left, block.trial_seconds) == (0, "tiny", 8 + 3, 240.0)
    numbers = {"check": "no tool call"}
    closed = lab.store.close_cells(lab.id, lab.host_class.id, block.load_digest, "smoke_failed", numbers)
    assert closed == 2 and lab.claim(session) is None
    assert [left.load["context_tokens"] for left in lab.store.blocks(lab.id, lab.host_class.id)] == [8192, 8192]
    assert lab.store.progress(lab.id) == {"total": 30, "left": 12, "running": 0, "done": 18, "void": 0, "closed": 18}
    for number in (1, 2):
        while claim := lab.claim(session, number):
            assert not lab.store.complete(lab.id)
            lab.store.record(claim, PASSED)
    assert not lab.store.complete(lab.id), "its last cell is not decided"
    lab.look()
    assert lab.store.complete(lab.id)
    assert lab.cell_states() == ["smoke_failed", "smoke_failed", "complete"]


def test_a_cell_is_closed_once_and_only_by_a_state_of_the_list(lab: Any) -> None:
    cell = lab.store.summary(lab.id)["cells"][0]["id"]
    lab.store.set_cell_state(cell, "infeasible", {"predicted_bytes": 9})
    lab.store.set_cell_state(cell, "smoke_failed")
    assert lab.store.summary(lab.id)["cells"][0]["state"] == "infeasible"
    with pytest.raises(ValueError, match="done"):
        lab.store.set_cell_state(cell, "done")


def test_a_trial_on_the_way_when_its_cell_closes_is_still_waited_for(lab: Any) -> None:
    claim = lab.claim(lab.session())
    for cell in lab.store.summary(lab.id)["cells"]:
        lab.store.set_cell_state(cell["id"], "infeasible")
    assert not lab.store.complete(lab.id)
    lab.store.record(claim, PASSED)
    assert lab.store.complete(lab.id)


def test_a_lease_that_ran_out_sets_the_trial_free(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session, elsewhere = lab.session(), lab.session(controller="elsewhere")
    monkeypatch.setattr(claims, "LEASE_MARGIN_SECONDS", -1000)
    lost = lab.claim(elsewhere)
    monkeypatch.undo()
    again = lab.claim(session)
    assert (again.trial["id"], again.attempt) == (lost.trial["id"], 2)
    with pytest.raises(ClaimLost):
        lab.store.record(lost, PASSED)
    assert lab.store.record(again, PASSED) == "done"


def test_progress_counts_every_trial_once(lab: Any) -> None:
    session = lab.session()
    lab.store.record(lab.next(session), PASSED)
    lab.next(session)
    assert lab.store.progress(lab.id) == {"total": 30, "left": 29, "running": 1, "done": 1, "void": 0, "closed": 0}


def test_a_worker_of_a_run_that_is_over_gets_nothing(lab: Any, store: Store) -> None:
    session = lab.session()
    store.end_session(session.id)
    with pytest.raises(SessionOver):
        lab.claim(session)
    with pytest.raises(SessionOver):
        store.claim(lab.id, "box", lab.host_class.id, 0, f"nobody {os.getpid()}")
