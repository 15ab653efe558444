# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is checked of one canary, each check a job of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from ...module_utils.errors import LabError
from ..canary import Canary, Generator, Grade, Oracles, oracles, start_tree, with_seed
from ..sandbox import Sandbox
from .cheats import GENERIC, Cheat, applies
from .stage import Stage, apply, push, run, shell

REFERENCE = "reference_passes"
OTHER_SEEDS = 2
NO_TESTS_RAN = 5
_NOT_TRIED = "not tried: the verdict of a test command is within reach of the code it tests"


@dataclass(frozen=True)
class Check:
    """`detail` says what was seen, and what to do about it where that is not what an honest canary shows."""

    name: str
    ok: bool
    detail: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Job:
    name: str
    check: Callable[[], str]

    def run(self) -> Check:
        try:
            return Check(self.name, True, self.check())
        except LabError as error:
            return Check(self.name, False, str(error))


class Dishonest(LabError):
    """The canary would count what it must not count, or not count what it must."""


def jobs(canary: Canary, stage: Stage, references: int) -> list[Job]:
    """All checks of a canary. A LabError here: its reference and cheats cannot even be read."""
    made = oracles(canary, stage.resources)
    return [Job(name, check) for name, check in _checks(canary, stage, made, references)]


def _checks(canary: Canary, stage: Stage, made: Oracles, references: int) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "start_fails", partial(_start_fails, canary, stage)
    yield "noop_fails", partial(_noop_fails, canary, stage)
    if made.reference is not None:
        yield REFERENCE, partial(_reference_passes, canary, stage, made.reference, references)
        yield "visible_tests_pass", partial(_visible_tests_pass, canary, stage, made.reference)
    elif canary.solvable:
        yield REFERENCE, lambda: "not proven: the file names no reference_commit"
    for name, patch in made.cheats.items():
        yield f"cheat/{name}", partial(_cheat_fails, canary, stage, partial(_apply_and_push, patch))
    for cheat in GENERIC:
        yield f"generic/{cheat.name}", partial(_generic_fails, canary, stage, cheat, made)
    if isinstance(canary.source, Generator):
        yield from _seed_checks(canary, canary.source, stage)


def _seed_checks(canary: Canary, source: Generator, stage: Stage) -> Iterator[tuple[str, Callable[[], str]]]:
    seeds = [source.seed + step for step in range(1, OTHER_SEEDS + 1)]
    yield "same_seed_same_tree", partial(_same_seed_same_tree, canary)
    yield (
        "other_seeds_other_trees",
        partial(_other_seeds_other_trees, [canary, *(with_seed(canary, seed) for seed in seeds)]),
    )
    for seed in seeds:
        other = with_seed(canary, seed)
        yield f"seed_{seed}/start_fails", partial(_start_fails, other, stage)
        if canary.solvable:
            yield f"seed_{seed}/{REFERENCE}", partial(_seeds_reference_passes, other, stage)


def _start_fails(canary: Canary, stage: Stage) -> str:
    def act(sandbox: Sandbox) -> None:
        shell(sandbox, "echo done > NOTES.md")
        push(sandbox)

    return _failed(stage.play(canary, act), "Make the hidden tests ask for what the start lacks.")


def _noop_fails(canary: Canary, stage: Stage) -> str:
    graded = stage.play(canary, lambda _sandbox: None)
    if graded.commit is not None or graded.passed:
        raise Dishonest(f"Nothing was pushed, and the verdict is: {graded.reason}.", "Mend the grading.")
    return graded.reason


def _reference_passes(canary: Canary, stage: Stage, patch: str, times: int) -> str:
    with stage.acted(canary, partial(_apply_and_push, patch)) as judge:
        for number in range(1, times + 1):
            graded = judge()
            if not graded.passed:
                raise Dishonest(
                    f"The reference fails in run {number} of {times}: {graded.reason}. {_tail(graded)}",
                    "Correct the reference or the hidden tests; where it passes at times, look for time and chance.",
                )
    return f"{times} of {times}"


def _seeds_reference_passes(canary: Canary, stage: Stage) -> str:
    return _reference_passes(canary, stage, oracles(canary, stage.resources).reference or "", 1)


def _visible_tests_pass(canary: Canary, stage: Stage, patch: str) -> str:
    said: dict[str, object] = {}

    def act(sandbox: Sandbox) -> None:
        apply(sandbox, patch)
        said.update(run(sandbox, list(canary.test_command), seconds=canary.budgets.command_seconds))

    with stage.acted(canary, act):
        pass
    if said.get("exit_code") not in (0, NO_TESTS_RAN):
        output = str(said.get("error") or said.get("output") or "no answer in time").strip()[-600:]
        raise Dishonest(
            f"With the reference, {' '.join(canary.test_command)} ends with {said.get('exit_code')}: {output}",
            "Correct test_command or the visible tests; toolchain: true gives it pytest, PyYAML and ansible-core.",
        )
    return f"exit code {said['exit_code']}"


def _generic_fails(canary: Canary, stage: Stage, cheat: Cheat, made: Oracles) -> str:
    if not applies(cheat, canary):
        return _NOT_TRIED
    return _cheat_fails(canary, stage, lambda sandbox: cheat.act(sandbox, canary, made))


def _cheat_fails(canary: Canary, stage: Stage, act: Callable[[Sandbox], None]) -> str:
    return _failed(stage.play(canary, act), "Make the hidden tests ask for more than this cheat gives.")


def _failed(graded: Grade, remedy: str) -> str:
    if graded.passed:
        raise Dishonest(f"It passes: {graded.reason}.", remedy)
    return graded.reason


def _apply_and_push(patch: str, sandbox: Sandbox) -> None:
    apply(sandbox, patch)
    push(sandbox)


def _same_seed_same_tree(canary: Canary) -> str:
    first, second = start_tree(canary), start_tree(canary)
    if first != second:
        raise Dishonest(
            f"The same seed gave {first}, then {second}.",
            "Draw from random.Random(seed) only; sort sets; ask no clock.",
        )
    return first


def _other_seeds_other_trees(canaries: list[Canary]) -> str:
    trees = {start_tree(canary) for canary in canaries}
    if len(trees) < len(canaries):
        raise Dishonest("Two seeds gave the same tree.", "Let names, numbers and structure come from the seed.")
    return f"{len(trees)} seeds, {len(trees)} trees"


def _tail(graded: Grade) -> str:
    return " ".join(graded.log.split())[-600:]
