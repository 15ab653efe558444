# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many canaries, a few checks at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

from ...module_utils.errors import LabError
from ..canary import Canary
from .checks import REFERENCE, Check, Job, jobs
from .stage import Stage

# A check waits for a sandbox nearly all of its time. Threads of a pool outlive their sandboxes, as they have to.
AT_A_TIME = 2


@dataclass(frozen=True)
class Report:
    canary: Canary
    checks: list[Check]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.canary.name,
            "grade": self.canary.grade,
            "ok": self.ok,
            "checks": [check.as_dict() for check in self.checks],
        }


def verify(
    canaries: Sequence[Canary], stage: Stage, references: int, tell: Callable[[str, int, int], None]
) -> Iterator[Report]:
    """Check them all, and give each report when it is whole; `tell(name, done, total)` is called after each check."""
    wanted = [(canary, _jobs(canary, stage, references)) for canary in canaries]
    total, done = sum(len(found) for _unused, found in wanted), count(1)
    with ThreadPoolExecutor(AT_A_TIME) as pool:

        def submit(canary: Canary, job: Job) -> Future[Check]:
            future = pool.submit(job.run)
            future.add_done_callback(lambda _future: tell(canary.name, next(done), total))
            return future

        try:
            # What takes longest first: the rest then fills the pool to its end.
            everything = [(canary, job) for canary, found in wanted for job in found]
            everything.sort(key=lambda one: one[1].name != REFERENCE)
            futures = {id(job): submit(canary, job) for canary, job in everything}
            for canary, found in wanted:
                yield Report(canary, [futures[id(job)].result() for job in found])
        finally:
            pool.shutdown(cancel_futures=True)


def _jobs(canary: Canary, stage: Stage, references: int) -> list[Job]:
    try:
        return jobs(canary, stage, references)
    except LabError as error:
        return [Job("oracles_are_there", _raising(error))]


def _raising(error: LabError) -> Callable[[], str]:
    def check() -> str:
        raise error

    return check
