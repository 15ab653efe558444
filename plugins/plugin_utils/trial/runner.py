# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of one trial: lay out → agent → kill the sandbox → grade what was pushed → record."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...module_utils.errors import LabError
from ...module_utils.files import write_whole
from ..agent import Agent, Ending, Job, Probe, Toolbox, Transcript, utc_now
from ..agent.ledger import Ledger
from ..agent.tools import allowed
from ..canary import Canary, Grade, Resources, Unusable, collect, grade, lay_out, load
from ..chat import Applied, ChatError, Client, read_back
from ..outcome import Verdict
from ..sandbox import Backend, select
from . import verdict
from .spec import Spec

Tell = Callable[[dict[str, Any]], None]


NO_END = Ending(Verdict("void", None, "harness_error"), "the trial did not get to its end")


@dataclass
class Work:
    """What a trial had come to at some moment."""

    pushed: Path | Unusable | None = None
    visible_tests: str = "not_run"
    grade: Grade | None = None


@dataclass
class Course:
    """What is known of the trial so far; whatever goes wrong, the record is made of this.

    `work` is as it stood when the verdict was fixed, `end` as it stood at the end of a probe.
    """

    ledger: Ledger = field(default_factory=Ledger)
    ending: Ending = NO_END
    canary: Canary | None = None
    work: Work | None = None
    end: Work | None = None
    sandbox: str | None = None
    applied: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    grade_seconds: float = 0.0


def run(spec: Spec, tell: Tell) -> dict[str, Any]:
    """Run the trial to its record. Only the artifacts in the spec's folder are left of it."""
    started, started_at = time.monotonic(), utc_now()
    transcript = Transcript(spec.folder / "transcript.jsonl")
    transcript.append({"event": "trial", **spec.shown()})
    course = Course()
    try:
        _go(spec, course, transcript, tell)
    except Exception as error:
        if not isinstance(error, LabError):
            traceback.print_exc(file=sys.stderr)
        course.ending = Ending(Verdict("void", None, "harness_error"), _said(error, spec.api_key))
    course.seconds = time.monotonic() - started
    _phase(spec, course, tell, "recording")
    record = _record(spec, course) | {"started_at": started_at, "ended_at": utc_now()}
    transcript.append({"event": "verdict", "record": record})
    transcript.close()
    _write_artifacts(spec.folder, course.work.grade if course.work else None, record)
    return record


def _phase(spec: Spec, course: Course, tell: Tell, phase: str) -> None:
    used = course.ledger
    counts = {"turn": used.turns, "turns": spec.budgets.turns, "generated_tokens": used.generated_tokens}
    tell({"event": "turn", **counts, "tokens_per_second": used.last_speed, "phase": phase})


def _go(spec: Spec, course: Course, transcript: Transcript, tell: Tell) -> None:
    _phase(spec, course, tell, "layout")
    # The plan has validated it.
    canary = course.canary = load(spec.canary, validate=False)
    backend = select(spec.sandbox)
    course.sandbox = backend.name
    resources = Resources(spec.toolchain, spec.repositories)
    layout = lay_out(canary, spec.scratch / "agent", resources)
    try:
        _agent(spec, course, canary, backend.open(layout.spec()), transcript, tell)
    finally:
        _grade(spec, course, canary, backend, resources, tell)


def _agent(spec: Spec, course: Course, canary: Canary, sandbox: Any, transcript: Transcript, tell: Tell) -> None:
    course.applied = _applied(spec)
    window_tokens = min(spec.window_tokens, course.applied["window_tokens"] or spec.window_tokens)
    # Without it, Ollama loads the model again with a window of its own choice.
    window = {"num_ctx": window_tokens} if spec.engine == "ollama" else {}
    with sandbox, Client(spec.base_url, spec.api_key, spec.model, spec.engine, cold=True) as client:
        job = Job(
            prompt=canary.prompt,
            autonomy=canary.autonomy,
            budgets=spec.budgets,
            window_tokens=window_tokens,
            seed=spec.seed,
            silence_seconds=spec.silence_seconds,
            **Job.chat({**spec.chat, **window}),
        )
        toolbox = Toolbox(sandbox, canary.test_command, spec.budgets.command_seconds)

        def work(name: str) -> Work:
            return Work(collect(sandbox, toolbox.bundle, spec.scratch / f"{name}.bundle"), toolbox.visible_tests)

        def at_ceiling() -> None:
            course.work = work("verdict")

        agent = Agent(job, client, toolbox, transcript, tell, at_ceiling)
        course.ledger = agent.ledger
        try:
            course.ending = agent.run()
        finally:
            course.end = work("end")
            course.work = course.work or course.end


def _applied(spec: Spec) -> dict[str, Any]:
    """What the engine says it really applies; of one that does not say, the first model call will tell more."""
    try:
        applied = read_back(spec.base_url, spec.api_key, spec.engine, spec.model)
    except ChatError:
        applied = Applied()
    return dict(vars(applied))


def _grade(spec: Spec, course: Course, canary: Canary, backend: Backend, resources: Resources, tell: Tell) -> None:
    _phase(spec, course, tell, "grading")
    started = time.monotonic()
    for name, work in (("end", course.end), ("verdict", course.work)):
        if work is not None and work.grade is None:
            work.grade = grade(canary, work.pushed, backend, spec.scratch / f"grade-{name}", resources)
    course.grade_seconds = time.monotonic() - started


def _record(spec: Spec, course: Course) -> dict[str, Any]:
    ending, work = course.ending, course.work or Work()
    graded = work.grade
    used = course.ledger.as_record()
    passed = graded is not None and graded.passed
    came_to = _verdict(course, ending, work)
    probe = None
    if ending.probe is not None:
        probe = _probe(course, came_to, ending.probe, used)
        used, course.seconds = dict(ending.probe.at), course.seconds - ending.probe.seconds
    return {
        "trial": spec.trial,
        "attempt": spec.attempt,
        "outcome": came_to.outcome,
        "ceiling": came_to.ceiling,
        "detail": came_to.detail,
        "would_pass": passed,
        "submitted": ending.submitted,
        "pushed_commit": graded.commit if graded else None,
        "hidden_passed": graded.tests_passed if graded else None,
        "hidden_expected": graded.tests_expected if graded else None,
        "grade_reason": graded.reason if graded else None,
        "scores": graded.scores if graded else {},
        "error": ending.error,
        **used,
        "wall_seconds": round(course.seconds, 4),
        "grade_seconds": round(course.grade_seconds, 4),
        "visible_tests": work.visible_tests,
        "budgets": dict(vars(spec.budgets)),
        "sandbox": course.sandbox,
        "handed": dict(vars(ending.handed)) if ending.handed else None,
        "probe": probe,
        "applied": course.applied,
        "not_applied": ending.not_applied
        or verdict.not_applied(
            spec.chat, used, spec.window_tokens, course.applied.get("window_tokens"), spec.speculative
        ),
    }


def _verdict(course: Course, ending: Ending, work: Work) -> Verdict:
    canary = course.canary
    return verdict.final(
        ending,
        work.grade is not None and work.grade.passed,
        solvable=canary is None or canary.solvable,
        has_visible_tests=canary is not None and "run_tests" in allowed(canary.autonomy),
        visible_tests=work.visible_tests,
    )


def _probe(course: Course, reached: Verdict, probe: Probe, used: dict[str, Any]) -> dict[str, Any]:
    ended = _verdict(course, probe.ended, course.end or Work())
    says, why = verdict.reads(reached, ended, verdict.still_moving(probe.at, used))
    counts = ("turns", "generated_tokens", "reasoning_tokens", "prompt_tokens", "cached_tokens", "model_seconds")
    return {
        "factor": probe.factor,
        "reads": says,
        "why": why,
        "ended": str(ended),
        "error": probe.ended.error,
        "used": {name: used[name] for name in counts} | {"wall_seconds": round(course.seconds, 4)},
    }


def _write_artifacts(folder: Path, graded: Grade | None, record: dict[str, Any]) -> None:
    if graded is not None:
        write_whole(folder / "diff.patch", graded.diff.encode(errors="replace"))
        write_whole(folder / "tests.log", graded.log.encode(errors="replace"))
    # Last: where there is a record, the rest is there too.
    write_whole(folder / "record.json", json.dumps(record, indent=2).encode() + b"\n")


def _said(error: Exception, api_key: str | None) -> str:
    said = str(error) if isinstance(error, LabError) else f"{type(error).__name__}: {error}"
    return said.replace(api_key, "***") if api_key else said
