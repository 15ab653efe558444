# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host does while a trial runs, as the worker hears of it from the keeper: guard, deadline, outage."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.processes import started
from ansible_collections.local_llm.lab.plugins.plugin_utils.canary import find
from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Store
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import HostClass, Model, PlannedCanary, Sweep, plan
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.document import Document
from ansible_collections.local_llm.lab.plugins.plugin_utils.worker.worker import Actions, Block, Worker
from ansible_collections.local_llm.lab.tests.fakes.scripted_engine import ScriptedEngine, Turn, call

CANARIES = Path(__file__).parents[3] / "canaries"
HERE = HostClass("llama_cpp", "none", 16 * 2**30)
MODEL = Model("tiny", "tiny.gguf", "ab" * 32, 100, {"path": "/tiny.gguf"}, 1000, 1000, None, None, "")
SWEEP = Sweep(
    name="nightly",
    description="",
    models=("tiny",),
    canaries=("hello_file",),
    load={"context_tokens": 4096},
    chat={"temperature": 0.3},
    changes=(),
    replicates=3,
    most_replicates=3,
    wrong_adoption=0.05,
    seed=1,
    budgets={},
    limits={},
    good_enough={},
    document=Document(Path("nightly.yml"), {}, {}),
)
PASS = [call("write_file", path="greeting.txt", content="Hello, world"), call("push", message="m"), call("submit")]
PAST_DEADLINE = {"kind": "deadline", "at": "2026-01-01T00:10:00Z", "deadline": "2026-01-01T00:00:00Z", "error": None}
QUIET = {"lowest_available_bytes": 9 * 2**30, "energy_joules": 12.5, "energy_from": "rapl", "breach": None}


class Host:
    """A keeper that answers with the next of its readings, and raises those that are errors."""

    def __init__(self, *readings: Any) -> None:
        self._readings = iter(readings)
        self.told: list[str] = []
        self.reloads = 0
        self.terms: list[tuple[int, bool]] = []

    def renew(self, deadline_seconds: int, loading: bool) -> dict[str, Any]:
        self.terms.append((deadline_seconds, loading))
        reading = next(self._readings, QUIET)
        if isinstance(reading, Exception):
            raise reading
        return dict(reading)

    def reload(self) -> None:
        self.reloads += 1

    def actions(self) -> Actions:
        return Actions(self.renew, self.reload, self.told.append)


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Callable[[Host, list[Turn]], tuple[Store, int, Callable[[], dict[str, int]]]]]:
    """Plans three trials of hello_file, `framed` by warm-up and anchors if a test is about these; hands out the store,
    the generation and the worker's run."""
    with Store(f"sqlite:///{tmp_path}/store.sqlite") as store:

        def prepared(
            host: Host, turns: list[Turn], framed: bool = False
        ) -> tuple[Store, int, Callable[[], dict[str, int]]]:
            canary = find("hello_file", [CANARIES])
            planned_canary = PlannedCanary(canary.digest, canary.grade, canary.budgets.as_dict())
            generation = store.open_generation(SWEEP.name)
            assert generation.id is not None
            planned = plan(SWEEP, {"tiny": MODEL}, {"hello_file": planned_canary}, [HERE], {HERE.id: {}}, 1)
            if not framed:
                measuring = tuple(trial for trial in planned.trials if trial.purpose == "measure")
                planned = replace(planned, trials=measuring)
            row = {"name": "box", "host_class": HERE.id, "tier": "lite", "engine": "llama_cpp"}
            store.plan(generation, planned, SWEEP.as_dict(), [row])
            session = store.begin_session(SWEEP.name, "here", os.getpid(), str(started(os.getpid())))

            def run() -> dict[str, int]:
                with ScriptedEngine(turns) as engine:
                    block = Block(
                        generation_id=int(str(generation.id)),
                        sweep=SWEEP.name,
                        host="box",
                        host_class=HERE.id,
                        number=0,
                        window_tokens=4096,
                        trial_seconds=60,
                        engine="llama_cpp",
                        instance_id="tiny",
                        canary_folders={"hello_file": str(canary.path)},
                        toolchain=None,
                        repositories=str(tmp_path / "repositories"),
                        base_url=engine.base_url,
                        api_key=None,
                        sandbox=None,
                        script=None,
                    )
                    return Worker(store, tmp_path, block, session.id, host.actions()).run()

            return store, generation.id, run

        yield prepared


def test_what_the_keeper_saw_is_recorded_with_every_trial(work: Any) -> None:
    store, generation, run = work(Host(), PASS * 3)
    assert run() == {"passed": 3}
    records = [trial["record"] for trial in store.summary(generation)["trials"]]
    assert {record["lowest_available_bytes"] for record in records} == {9 * 2**30}
    assert {(record["energy_joules"], record["energy_from"]) for record in records} == {(12.5, "rapl")}


def test_below_the_floor_the_trial_is_void_and_the_load_config_infeasible(work: Any) -> None:
    breach = {
        "kind": "floor",
        "at": "2026-01-01T00:00:00Z",
        "available_bytes": 2**30,
        "floor_bytes": 2**31,
        "error": None,
    }
    store, generation, run = work(Host(QUIET, {**QUIET, "breach": breach}), PASS)
    assert run() == {"void": 1}
    summary = store.summary(generation)
    (attempted,) = [trial for trial in summary["trials"] if trial["attempts"]]
    assert (attempted["record"]["detail"], attempted["state"]) == ("oom_guard", "void")
    assert [cell["state"] for cell in summary["cells"]] == ["infeasible"]


def test_a_keeper_that_let_go_at_its_deadline_means_a_lost_host(work: Any) -> None:
    host = Host(QUIET, {**QUIET, "breach": PAST_DEADLINE})
    store, generation, run = work(host, [*PASS, Turn("hi"), *PASS * 3])
    assert run() == {"void": 1, "passed": 3}
    first = next(trial for trial in store.summary(generation)["trials"] if len(trial["attempts"]) == 2)
    assert [attempt["why"] for attempt in first["attempts"]] == ["host_lost", None]
    assert host.reloads == 1
    (at,) = [number for number, (_seconds, loading) in enumerate(host.terms) if loading]
    assert host.terms[at + 1] == host.terms[0], "a trial runs under a trial's own deadline, also after a reload"


def test_an_engine_that_fails_with_its_host_is_a_lost_host_and_ends_the_run(work: Any) -> None:
    outage = RuntimeError("No route to host")
    store, generation, run = work(Host(QUIET, outage), [PASS[0], Turn(fault="die")])
    with pytest.raises(RuntimeError, match="No route"):
        run()
    (attempted,) = [trial for trial in store.summary(generation)["trials"] if trial["attempts"]]
    assert attempted["state"] == "planned"
    assert attempted["attempts"][0]["why"] == "host_lost"


def test_a_trial_that_ended_before_its_host_was_lost_stands(work: Any) -> None:
    store, generation, run = work(Host(QUIET, RuntimeError("No route to host")), PASS)
    with pytest.raises(RuntimeError, match="No route"):
        run()
    assert store.progress(generation)["done"] == 1


@pytest.mark.parametrize(("closing_speed", "state"), [(52.0, "complete"), (30.0, "drifted")])
def test_a_block_is_warmed_up_and_its_anchors_tell_whether_the_speed_drifted(
    work: Any, closing_speed: float, state: str
) -> None:
    host = Host()
    store, generation, run = work(host, [*anchor(50)[:2], *anchor(50), *PASS * 3, *anchor(closing_speed)], framed=True)
    assert run() == {"failed": 1, "passed": 5}
    (block,) = store.summary(generation)["blocks"]
    assert block["state"] == state and block["numbers"]["closing_tokens_per_second"] == closing_speed
    said = [line for line in host.told if line.startswith("block ")]
    assert len(said) == (state == "drifted") and all(
        "50.0 to 30.0 tokens/s on box; it runs once more" in line for line in said
    )
    assert ["warm-up: failed/turns" in line for line in host.told[:3]] == [True, False, False]
    records = {trial["purpose"]: trial["record"] for trial in store.summary(generation)["trials"]}
    assert len(records["anchor"]["turn_speeds"]) == 6 and records["measure"]["cold_start"] is False
    assert len(records["measure"]["generations_sha256"]) == 64


def anchor(speed: float) -> list[Turn]:
    """As many turns as it takes to tell two speeds apart."""
    turns = [call("write_file", path="greeting.txt", content=f"{number}") for number in range(3)]
    return [replace(turn, speed=speed) for turn in (*turns, *PASS)]


def test_a_block_that_its_worker_left_is_free_for_another_host(work: Any) -> None:
    store, generation, run = work(Host(QUIET, RuntimeError("No route to host")), PASS)
    with pytest.raises(RuntimeError, match="No route"):
        run()
    assert [block.held_by for block in store.blocks(generation, HERE.id)] == [None]
