# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Eight claimers, each a controller of its own, killed and started again at random until every trial is run.

Short in every run of the tests; with LAB_NIGHTLY=1 over 10,000 trials.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
import uuid
from collections import Counter
from dataclasses import dataclass, replace
from multiprocessing import connection as pipes
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import processes
from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Store
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import plan

FORK = multiprocessing.get_context("fork")
CLAIMERS = 8
NIGHTLY = bool(os.environ.get("LAB_NIGHTLY"))
REPLICATES, KILLS = (1667, 300) if NIGHTLY else (30, 20)  # of six pairs of a cell and a canary
RETRY_SECONDS = 0.05


@dataclass
class Claimer:
    process: Any
    told: Any


def claim_and_record(url: str, generation: int, host_class: str, name: str, log: Path, tell: Any) -> None:
    """What a run of the playbook does with the store, from its session to the last block."""
    with Store(url) as store, log.open("a", buffering=1) as written:
        session = store.begin_session("nightly", name, os.getpid(), processes.started(os.getpid()))
        while blocks := store.blocks(generation, host_class):
            mine = [block for block in blocks if block.held_by in (None, name)]
            for block in mine:
                while claim := store.claim(generation, name, host_class, block.number, session.id):
                    tell.send("claimed")
                    nonce = uuid.uuid4().hex
                    store.record(claim, {"outcome": "passed", "ceiling": None, "detail": None, "nonce": nonce})
                    written.write(f"{claim.trial['id']} {nonce}\n")
                    tell.send("recorded")
            if not mine:
                time.sleep(RETRY_SECONDS)  # the others' blocks are free when they end, or are started again


def start(url: str, lab: Any, name: str, folder: Path) -> Claimer:
    told, tell = FORK.Pipe(duplex=False)
    arguments = (url, lab.id, lab.host_class.id, name, folder / name, tell)
    process = FORK.Process(target=claim_and_record, args=arguments)
    process.start()
    tell.close()
    return Claimer(process, told)


def kill_at_random(url: str, lab: Any, folder: Path, steps: int) -> int:
    """Run all claimers to their end, killing one now and then after something it told; returns how many were killed."""
    chance = random.Random(7)
    claimers = {name: start(url, lab, name, folder) for name in (f"host-{number}" for number in range(CLAIMERS))}
    names = {claimer.told: name for name, claimer in claimers.items()}
    killed = 0
    while names:
        for told in pipes.wait(list(names)):
            name = names[told]
            try:
                told.recv()
            except EOFError:
                claimer = claimers[name]
                claimer.process.join()
                assert claimer.process.exitcode == 0, f"{name} ended by itself, and not well"
                del names[told]
                continue
            if chance.random() < KILLS / steps:
                killed += 1
                os.kill(claimers[name].process.pid, signal.SIGKILL)  # whatever it is doing by now
                claimers[name].process.join()
                del names[told]
                claimers[name] = start(url, lab, name, folder)
                names[claimers[name].told] = name
    return killed


@pytest.mark.timeout(3600 if NIGHTLY else 300)
def test_killed_at_random_and_started_again_every_trial_is_run_exactly_once(
    store_url: str, lab: Any, tmp_path: Path
) -> None:
    lab.reopen(new=True)
    hosts = [lab.host_class] * CLAIMERS
    planned = plan(
        replace(lab.sweep, replicates=REPLICATES), {"tiny": lab.model}, lab.canaries, hosts,
        {lab.host_class.id: lab.stack}, lab.generation.number,
    )  # fmt: skip
    lab.store.plan(lab.generation, planned, lab.sweep.as_dict(), [])
    folder = tmp_path / "told"
    folder.mkdir()
    began = time.monotonic()
    killed = kill_at_random(store_url, lab, folder, steps=2 * len(planned.trials))
    print(f"{len(planned.trials)} trials, {killed} kills, {time.monotonic() - began:.1f} s")
    assert killed > KILLS / 4

    trials = {trial["id"]: trial for trial in lab.store.summary(lab.id)["trials"]}
    assert set(trials) == {trial.id for trial in planned.trials}
    for trial in trials.values():
        ended = Counter(attempt["state"] for attempt in trial["attempts"])
        assert trial["state"] == "done" and ended["done"] == 1 and ended["running"] == 0
        assert ended.total() == ended["done"] + ended["abandoned"]
    told = [line.split() for path in folder.iterdir() for line in path.read_text().splitlines()]
    assert len({trial for trial, _nonce in told}) == len(told), "a trial was recorded twice"
    assert all(trials[trial]["record"]["nonce"] == nonce for trial, nonce in told), "what was recorded is not there"
    assert len(told) > len(trials) - killed - 1
    assert any(len(trial["attempts"]) > 1 for trial in trials.values()), "some kill left a trial half done"
    lab.look()
    assert lab.store.complete(lab.id)
