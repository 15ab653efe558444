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
from ..agent import Agent, Ending, Job, Toolbox, Transcript, utc_now
from ..agent.ledger import Ledger
from ..agent.tools import allowed
from ..canary import Canary, Grade, Unusable, collect, grade, lay_out, load
from ..chat import Client
from ..outcome import Verdict
from ..sandbox import Backend, select
from .spec import Spec

Tell = Callable[[dict[str, Any]], None]


NO_END = Ending(Verdict("void", None, "harness_error"), "the trial did not get to its end")


@dataclass
class Course:
    """What is known of the trial so far; whatever goes wrong, the record is made of this."""

    ledger: Ledger = field(default_factory=Ledger)
    ending: Ending = NO_END
    pushed: Path | Unusable | None = None
    grade: Grade | None = None
    visible_tests: str = "not_run"
    has_visible_tests: bool = False
    sandbox: str | None = None
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
    _phase(spec, course, tell, "recording")
    record = {
        **_verdict_fields(spec, course),
        **course.ledger.as_record(),
        "grade_seconds": round(course.grade_seconds, 4),
        "wall_seconds": round(time.monotonic() - started, 4),
        "visible_tests": course.visible_tests,
        "budgets": dict(vars(spec.budgets)),
        "started_at": started_at,
        "ended_at": utc_now(),
        "sandbox": course.sandbox,
    }
    transcript.append({"event": "verdict", "record": record})
    transcript.close()
    _write_artifacts(spec.folder, course.grade, record)
    return record


def _phase(spec: Spec, course: Course, tell: Tell, phase: str) -> None:
    used = course.ledger
    counts = {"turn": used.turns, "turns": spec.budgets.turns, "generated_tokens": used.generated_tokens}
    tell({"event": "turn", **counts, "tokens_per_second": used.last_speed, "phase": phase})


def _go(spec: Spec, course: Course, transcript: Transcript, tell: Tell) -> None:
    _phase(spec, course, tell, "layout")
    # The plan has validated it.
    canary = load(spec.canary, validate=False)
    course.has_visible_tests = "run_tests" in allowed(canary.autonomy)
    backend = select(spec.sandbox)
    course.sandbox = backend.name
    layout = lay_out(canary, spec.scratch / "agent")
    try:
        _agent(spec, course, canary, backend.open(layout.spec()), transcript, tell)
    finally:
        _grade(spec, course, canary, backend, tell)


def _agent(spec: Spec, course: Course, canary: Canary, sandbox: Any, transcript: Transcript, tell: Tell) -> None:
    job = Job(
        prompt=canary.prompt,
        autonomy=canary.autonomy,
        budgets=spec.budgets,
        window_tokens=spec.window_tokens,
        sampling=spec.chat,
        seed=spec.seed,
        silence_seconds=spec.silence_seconds,
    )
    with sandbox, Client(spec.base_url, spec.api_key, spec.model) as client:
        toolbox = Toolbox(sandbox, canary.test_command, spec.budgets.command_seconds)
        agent = Agent(job, client, toolbox, transcript, tell)
        course.ledger = agent.ledger
        try:
            course.ending = agent.run()
        finally:
            course.visible_tests = toolbox.visible_tests
            course.pushed = collect(sandbox, toolbox.bundle, spec.scratch / "pushed.bundle")


def _grade(spec: Spec, course: Course, canary: Canary, backend: Backend, tell: Tell) -> None:
    _phase(spec, course, tell, "grading")
    started = time.monotonic()
    course.grade = grade(canary, course.pushed, backend, spec.scratch / "grade")
    course.grade_seconds = time.monotonic() - started


def verdict(ending: Ending, passed: bool, has_visible_tests: bool, visible_tests: str) -> Verdict:
    """What a trial that ended so, and was graded so, comes to."""
    if ending.verdict is not None:
        return ending.verdict
    if passed:
        return Verdict("passed")
    if has_visible_tests and visible_tests != "green":
        return Verdict("failed", "capability", "declared_done_early")
    return Verdict("failed", "capability", "wrong_result")


def _verdict_fields(spec: Spec, course: Course) -> dict[str, Any]:
    graded = course.grade
    passed = graded is not None and graded.passed
    final = verdict(course.ending, passed, course.has_visible_tests, course.visible_tests)
    return {
        "trial": spec.trial,
        "attempt": spec.attempt,
        "outcome": final.outcome,
        "ceiling": final.ceiling,
        "detail": final.detail,
        "would_pass": passed,
        "submitted": course.ending.submitted,
        "pushed_commit": graded.commit if graded else None,
        "hidden_passed": graded.tests_passed if graded else None,
        "hidden_expected": graded.tests_expected if graded else None,
        "grade_reason": graded.reason if graded else None,
        "error": course.ending.error,
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
