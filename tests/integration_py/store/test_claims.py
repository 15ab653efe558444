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
    planned = [trial for trial in lab.planned().trials if trial.load["context_tokens"] == 4096]
    claimed = []
    while claim := lab.claim(session):
        claimed.append(claim.trial["id"])
        assert claim.attempt == 1 and claim.trial["budgets"]["turns"] == 8
    assert claimed == [trial.id for trial in planned] and len(claimed) == 12
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
    assert (block.model, block.trials_left, block.trial_seconds) == ("tiny", 12, 240.0)
    numbers = {"check": "no tool call"}
    closed = lab.store.close_cells(lab.id, lab.host_class.id, block.load_digest, "smoke_failed", numbers)
    assert closed == 2 and lab.claim(session) is None
    assert [left.load["context_tokens"] for left in lab.store.blocks(lab.id, lab.host_class.id)] == [8192]
    assert lab.store.progress(lab.id) == {"total": 18, "left": 6, "running": 0, "done": 12, "void": 0, "closed": 12}
    while claim := lab.claim(session, block=1):
        assert not lab.store.complete(lab.id)
        lab.store.record(claim, PASSED)
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
    lab.store.record(lab.claim(session), PASSED)
    lab.claim(session)
    assert lab.store.progress(lab.id) == {"total": 18, "left": 17, "running": 1, "done": 1, "void": 0, "closed": 0}


def test_a_worker_of_a_run_that_is_over_gets_nothing(lab: Any, store: Store) -> None:
    session = lab.session()
    store.end_session(session.id)
    with pytest.raises(SessionOver):
        lab.claim(session)
    with pytest.raises(SessionOver):
        store.claim(lab.id, "box", lab.host_class.id, "any", f"nobody {os.getpid()}")
