# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every planned trial exactly once: with many workers at a time, in any order of events. Kills: test_chaos.py."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Claim, ClaimLost, SessionOver, Store

PASSED = {"outcome": "passed", "ceiling": None, "detail": None}
FORK = multiprocessing.get_context("fork")  # as Ansible does


def work(url: str, lab: Any, session: Any) -> None:
    with Store(url) as store:
        for block in [one.number for one in store.blocks(lab.id, lab.host_class.id)]:
            while claim := store.claim(lab.id, f"host-{os.getpid()}", lab.host_class.id, block, session.id):
                store.record(claim, PASSED)


def test_eight_processes_claim_each_of_two_hundred_trials_once(store_url: str, lab: Any) -> None:
    lab.sweep = replace(lab.sweep, replicates=34)
    lab.plan()
    session = lab.session()
    workers = [FORK.Process(target=work, args=(store_url, lab, session)) for _unused in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 8
    trials = lab.store.summary(lab.id)["trials"]
    assert len(trials) == 204 + 8 * 3, "the first plan's four blocks, and four for what came later"
    assert all([attempt["state"] for attempt in trial["attempts"]] == ["done"] for trial in trials)
    assert len({trial["host"] for trial in trials}) > 1
    hosts = {(trial["block"], trial["host"]) for trial in trials}
    assert len(hosts) == len({trial["block"] for trial in trials}), "one host for each block"
    lab.look()
    assert lab.store.complete(lab.id)


def test_eight_processes_make_one_store_and_one_generation(store_url: str) -> None:
    def begin(results: Any) -> None:
        with Store(store_url) as store:
            results.put(store.open_generation("nightly").number)

    results = FORK.SimpleQueue()
    workers = [FORK.Process(target=begin, args=(results,)) for _unused in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 8
    assert {results.get() for _unused in workers} == {1}


RECORDS = st.sampled_from(
    [("passed", None, None), ("failed", "turns", None), ("failed", "capability", "looping"),
     ("handed_over", None, "deferred"), ("void", None, "engine_error"), ("void", None, "host_lost"),
     ("void", None, "oom_guard")]
)  # fmt: skip


class Lives(RuleBasedStateMachine):
    """Two controllers claim, record, die and resume in any order."""

    new_lab: Callable[[], Any]

    def __init__(self) -> None:
        super().__init__()
        self.lab = self.new_lab()
        self.sessions = {name: self.lab.session(name) for name in ("one", "two")}
        self.held: list[tuple[str, Claim]] = []  # what somebody believes to hold, perhaps wrongly
        self.final: dict[str, Any] = {}

    @rule(who=st.sampled_from(["one", "two"]), block=st.integers(0, 3))
    def claim(self, who: str, block: int) -> None:
        claim = self.lab.next(self.sessions[who], block)
        if claim:
            assert claim.trial["id"] not in self.final
            alive = {claim.worker for claim in (held for _unused, held in self.held)} & self._live()
            assert not [
                held for _unused, held in self.held if held.worker in alive and held.trial["id"] == claim.trial["id"]
            ]
            self.held.append((who, claim))

    @rule(number=st.integers(0, 30), ending=RECORDS)
    def record(self, number: int, ending: tuple[str, str | None, str | None]) -> None:
        if not self.held:
            return
        _who, claim = self.held.pop(number % len(self.held))
        result = dict(zip(("outcome", "ceiling", "detail"), ending, strict=True))
        try:
            state = self.lab.store.record(claim, result)
        except ClaimLost:
            assert claim.worker not in self._live()
            return
        assert claim.worker in self._live()
        assert state == "done" if ending[0] != "void" else state in ("planned", "void")
        if state != "planned":
            self.final[claim.trial["id"]] = result

    @rule(who=st.sampled_from(["one", "two"]))
    def resume_after_kill(self, who: str) -> None:
        old = self.sessions[who]
        lost = sum(claim.worker == old.id for _unused, claim in self.held)
        self.sessions[who] = self.lab.session(who)
        assert self.sessions[who].abandoned == lost
        try:
            self.lab.next(old)
            raise AssertionError("a dead run got a trial")
        except SessionOver:
            pass

    @rule()
    def plan_again(self) -> None:
        assert self.lab.plan().added == 0

    def _live(self) -> set[str]:
        return {session.id for session in self.sessions.values()}

    @invariant()
    def every_trial_is_where_it_should_be(self) -> None:
        running = {claim.trial["id"] for _unused, claim in self.held if claim.worker in self._live()}
        trials = self.lab.store.summary(self.lab.id)["trials"]
        for trial in trials:
            attempts = Counter(attempt["state"] for attempt in trial["attempts"])
            assert [attempt["number"] for attempt in trial["attempts"]] == list(range(1, len(trial["attempts"]) + 1))
            assert attempts["done"] <= 1 and attempts["void"] <= 3 and attempts["running"] <= 1
            if trial["id"] in self.final:
                assert trial["record"] == self.final[trial["id"]] and trial["state"] in ("done", "void")
            else:
                assert trial["record"] is None
                assert trial["state"] == ("running" if trial["id"] in running else "planned")
        progress = self.lab.store.progress(self.lab.id)
        assert progress["done"] + progress["left"] == progress["total"] == len(trials)
        assert progress["running"] == len(running)


def test_in_any_order_of_events_a_trial_counts_once(new_lab: Callable[[], Any]) -> None:
    machine = type("Machine", (Lives,), {"new_lab": staticmethod(new_lab)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=6,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            print_blob=True,
        ),
    )
