# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sweep of 100,000 trials: plan it, find where it stands with few and with all of them done, write its reports.

A resume is what the playbook asks of the store before a trial runs: open it, enter, how far it is, which blocks have
something to run, and a claim. The reports (cards, comparison, decision) are written by a process of their own, and
their seconds are those of that whole process.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import bindparam, select

from ansible_collections.local_llm.lab.plugins.plugin_utils.steps.report import report
from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Generation, Store
from ansible_collections.local_llm.lab.plugins.plugin_utils.store.database import Database
from ansible_collections.local_llm.lab.plugins.plugin_utils.store.tables import tables
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import (
    HostClass,
    Model,
    Plan,
    PlannedCanary,
    Sweep,
    Trial,
    plan,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.definition import Change
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.document import Document

ROOT = Path(__file__).resolve().parents[2]
GIB = 2**30
HOSTS = {"box": HostClass("llama_cpp", "GB10", 128 * GIB), "attic": HostClass("ollama", "M2", 64 * GIB)}
MODELS, CANARIES, REPLICATES = 2, 50, 50  # on two host classes, in ten cells
FEW, RESUMES = 1000, 5
BUDGETS = {"turns": 12, "generated_tokens": 4000, "completion_tokens": 800, "wall_clock_seconds": 300.0,
           "command_seconds": 20, "turn_seconds": 0.0, "probe_factor": 2.0}  # fmt: skip
CHANGES = (
    *(Change("chat", "temperature", level) for level in (0.0, 0.6, 0.9)),
    *(Change("chat", "top_p", level) for level in (0.8, 0.9)),
    Change("chat", "history", "compacted"),
    Change("chat", "echo_reasoning", True),
    Change("load", "context_tokens", 16384),
    Change("load", "kv_type", "q8_0"),
)
STARTED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

Made = TypeVar("Made")


def measure(scratch: Path) -> dict[str, float]:
    return measured(scratch, sweep_of(MODELS, CANARIES, REPLICATES), FEW)


def measured(scratch: Path, sweep: Sweep, few: int) -> dict[str, float]:
    planned, plan_seconds = timed(lambda: planned_for(sweep))
    url = f"sqlite:///{scratch}/store.sqlite"
    with Store(url) as store:
        generation = store.open_generation(sweep.name)
        hosts = [
            {"name": name, "host_class": one.id, "tier": "full", "engine": one.engine} for name, one in HOSTS.items()
        ]
        _unused, insert_seconds = timed(lambda: store.plan(generation, planned, sweep.as_dict(), hosts))
    trials = sorted(planned.trials, key=lambda trial: trial.position)
    chance = random.Random(1)
    record(url, generation, trials[:few], chance)
    few_seconds = resumed(url, generation)
    record(url, generation, trials[few:-few], chance)
    all_seconds = resumed(url, generation)
    record(url, generation, trials[-few:], chance)
    reported = report_apart(url, sweep.name, scratch / "lab")
    return {
        "trials": len(trials),
        "plan_100k_s": round(plan_seconds, 3),
        "insert_100k_s": round(insert_seconds, 3),
        "status_1k_s": round(few_seconds, 4),
        "status_100k_s": round(all_seconds, 4),
        "cards_100k_s": reported["seconds"],
        "cards_100k_rss_mb": reported["rss_mb"],
    }


def sweep_of(models: int, canaries: int, replicates: int) -> Sweep:
    return Sweep(
        name="scale", description="", models=tuple(f"model{number}" for number in range(models)),
        canaries=tuple(f"canary{number:02}" for number in range(canaries)),
        load={"context_tokens": 8192, "kv_type": "f16"},
        chat={"temperature": 0.3, "top_p": 1.0, "history": "whole", "echo_reasoning": False},
        changes=CHANGES, replicates=replicates, most_replicates=replicates, wrong_adoption=0.05, seed=1, budgets={},
        limits={}, good_enough={"builder": {"pass_rate": 0.5}}, document=Document(Path("scale.yml"), {}, {}),
    )  # fmt: skip


def planned_for(sweep: Sweep) -> Plan:
    catalog = {
        name: Model(name, f"{name}.gguf", hashlib.sha256(name.encode()).hexdigest(), 4 * GIB, {"path": f"/{name}.gguf"},
                    7_000_000_000, 7_000_000_000, None, None, "")
        for name in sweep.models
    }  # fmt: skip
    canaries = {name: PlannedCanary(name, place % 4, BUDGETS) for place, name in enumerate(sweep.canaries)}
    stacks = {one.id: {"engine": one.engine, "engine_build": "b1", "agent": "a1"} for one in HOSTS.values()}
    return plan(sweep, catalog, canaries, list(HOSTS.values()), stacks, 1)


def timed(make: Callable[[], Made]) -> tuple[Made, float]:
    began = time.perf_counter()
    return make(), time.perf_counter() - began


def resumed(url: str, generation: Generation) -> float:
    """The median of some resumes on the host class that has something to run; what was claimed waits again."""

    def resume() -> None:
        with Store(url) as store:
            session = store.begin_session(generation.sweep, "here", os.getpid(), "now")
            number = generation.id or 0
            left = store.progress(number)["left"]
            claimed = [
                store.claim(number, name, host_class.id, blocks[0].number, session.id)
                for name, host_class in HOSTS.items()
                if (blocks := store.blocks(number, host_class.id))
            ]
            assert left and any(claimed)
            store.end_session(session.id)

    return statistics.median(timed(resume)[1] for _unused in range(RESUMES))


def record(url: str, generation: Generation, trials: Sequence[Trial], chance: random.Random) -> None:
    """As if all of these had been claimed and recorded, one after the other."""
    every = tables()
    with Store(url) as store:
        worker = store.begin_session(generation.sweep, "here", os.getpid(), "now").id
    same = {"generation": generation.id, "worker": worker, "state": "done"}
    with Database(url, read_only=False).writing() as connection:
        tried = {row.id: row.attempts for row in connection.execute(select(every.trials.c.id, every.trials.c.attempts))}
        for rows in batches(trials):
            numbered = [{"number": tried[trial.id] + 1, **same, **attempt(trial, chance)} for trial in rows]
            connection.execute(every.attempts.insert(), numbered)
        done = every.trials.update().where(every.trials.c.id == bindparam("one"))
        connection.execute(
            done.values(state="done", attempts=bindparam("times")),
            [{"one": trial.id, "times": tried[trial.id] + 1} for trial in trials],
        )
        counts = every.counts
        moved = Counter((trial.cell, trial.block, trial.purpose) for trial in trials)
        for (cell, block, purpose), number in moved.items():
            here = counts.update().where(counts.c.cell == cell, counts.c.block == block, counts.c.purpose == purpose)
            connection.execute(here.values(planned=counts.c.planned - number, done=counts.c.done + number))


def batches(trials: Sequence[Trial], size: int = 5000) -> Iterator[Sequence[Trial]]:
    for start in range(0, len(trials), size):
        yield trials[start : start + size]


def attempt(trial: Trial, chance: random.Random) -> dict[str, Any]:
    began = STARTED + datetime.timedelta(seconds=trial.position * 10)
    result = recorded(trial, began.isoformat(timespec="milliseconds"), chance)
    told = {name: result[name] for name in ("started_at", "ended_at", "outcome", "ceiling", "detail")}
    host = next(name for name, one in HOSTS.items() if one.id == trial.host_class)
    return {"trial": trial.id, "host": host, "lease_until": result["ended_at"], "record": result, **told}


def recorded(trial: Trial, began: str, chance: random.Random) -> dict[str, Any]:
    """A record with every field that a trial's process writes."""
    turns, speed = chance.randint(2, 12), round(chance.gauss(40, 2), 4)
    passed = chance.random() < 0.9 - 0.2 * trial.grade
    ceiling, detail = (None, None) if passed else chance.choice([("turns", None), ("capability", "wrong_result")])
    tokens = turns * chance.randint(100, 400)
    used = {"turns": turns, "prompt_tokens": turns * 1500, "cached_tokens": turns * 1300, "generated_tokens": tokens,
            "reasoning_tokens": 0}  # fmt: skip
    probe = None
    if ceiling == "turns":
        more = {name: 2 * value for name, value in used.items()} | {"model_seconds": 20.0, "wall_seconds": 21.0}
        probe = {"factor": 2.0, "reads": "capability", "why": None, "ended": "failed/turns", "error": None}
        probe["used"] = more
    return {
        "trial": trial.id, "attempt": 1, "outcome": "passed" if passed else "failed", "ceiling": ceiling,
        "detail": detail, "would_pass": passed, "submitted": ceiling != "turns", "pushed_commit": trial.id * 2,
        "hidden_passed": 7 if passed else 3, "hidden_expected": 7, "grade_reason": None if passed else "3 of 7 pass",
        "scores": {}, "error": None, **used, "draft_tokens": 0, "draft_accepted_tokens": 0, "usage_source": "engine",
        "ttft_seconds": round(chance.uniform(0.2, 1.2), 4), "prompt_tokens_per_second": round(chance.gauss(900, 40), 4),
        "generated_tokens_per_second": speed,
        "turn_speeds": [round(chance.gauss(speed, 1), 2) for _unused in range(turns)],
        "model_seconds": round(tokens / speed, 4), "tool_seconds": 0.4, "tool_calls": turns, "refused_calls": 0,
        "malformed_calls": 0, "nudges": 0, "compactions": 0, "last_progress_turn": turns, "cold_start": True,
        "generations_sha256": hashlib.sha256(trial.id.encode()).hexdigest(),
        "wall_seconds": round(tokens / speed + 1, 4), "grade_seconds": 0.5,
        "visible_tests": "passed" if passed else "failed", "budgets": trial.budgets, "sandbox": "bubblewrap",
        "handed": None, "probe": probe, "not_applied": None,
        "applied": {"template_sha256": "be" * 32, "window_tokens": 8192, "slots": 1, "build": "b1"},
        "started_at": began, "ended_at": began, "process_seconds": round(tokens / speed + 2, 4),
        "lowest_available_bytes": 60 * GIB,
    }  # fmt: skip


def report_apart(url: str, sweep: str, home: Path) -> dict[str, float]:
    """Seconds and resident memory of a process that writes the reports, from its start to its end."""
    command = [sys.executable, "-m", "tests.benchmarks.scale", url, sweep, str(home)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    answer, seconds = timed(lambda: subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True))
    return {"seconds": round(seconds, 3), **json.loads(answer.stdout.splitlines()[-1])}


def main(url: str, sweep: str, home: str) -> None:
    report(home, url, sweep, None, check=False)
    # Not `ru_maxrss`: where a process is started by vfork, its parent's memory is in that.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    print(json.dumps({"rss_mb": round(int(peak.split()[1]) * 1024 / 1e6, 1)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
