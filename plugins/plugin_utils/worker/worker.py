# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host, one worker: claims trials until the store has none for this block, one after the other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...module_utils.errors import LabError
from ...module_utils.processes import is_alive, started
from ..agent import utc_now
from ..sandbox import remove_tree
from ..smoke.checks import engine_answers
from ..store import ClaimLost
from .breach import sentence
from .child import GRACE_SECONDS, TrialCrashed, run_child
from .progress import Progress

if TYPE_CHECKING:
    from ..store import Claim, Store

LOAD_SECONDS = 900
FAULTS_IN_A_ROW = 2


class Orphaned(LabError):
    """The run this worker belongs to is over; what it was doing is not recorded and runs again."""


class HarnessFails(LabError):
    """Our own side fails trial after trial: going on would only void the rest."""


def scratch_folder(lab_home: Path, sweep: str, host: str) -> Path:
    """Where trials of this sweep on this host lay out their repos; whatever is found there at a start is litter."""
    return lab_home / "scratch" / sweep / host


@dataclass(frozen=True)
class Block:
    """What every trial of one model under one load config on this host has in common.

    `instance_id` is what requests call the loaded model, `settings` what smoke found that its trials need.
    `canary_folders` maps a canary's name to its path; `toolchain` and `repositories` are what they need, made ready.
    """

    generation_id: int
    sweep: str
    host: str
    host_class: str
    number: int
    window_tokens: int
    trial_seconds: float
    engine: str
    instance_id: str
    canary_folders: dict[str, str]
    toolchain: str | None
    repositories: str
    base_url: str
    api_key: str | None
    sandbox: str | None
    script: dict[str, Any] | None
    settings: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_plan(
        cls,
        block: dict[str, Any],
        *,
        generation_id: int,
        base_url: str,
        api_key: str | None,
        sandbox: str | None,
        script: dict[str, Any] | None,
        instance_id: str,
        settings: dict[str, Any] | None = None,
    ) -> Block:
        """The block as the plan gives it, met with where it runs."""
        names = ("sweep", "host", "host_class", "number", "engine", "canary_folders", "toolchain")
        planned = {key: block[key] for key in (*names, "repositories")}
        return cls(
            generation_id=generation_id,
            window_tokens=int(block["load"]["context_tokens"]),
            trial_seconds=float(block["trial_seconds"]),
            base_url=base_url,
            api_key=api_key,
            sandbox=sandbox,
            script=script,
            instance_id=instance_id,
            settings=settings or {},
            **planned,
        )


@dataclass(frozen=True)
class Actions:
    """What the worker needs done on the LLM host, and whom it tells.

    `renew(deadline_seconds, loading)` moves the keeper's deadline and returns its reading since the last renewal
    (`lowest_available_bytes`, `energy_joules`, `energy_from`, `breach`); `reload()` brings the engine back with the
    block's model, alone.
    """

    renew: Callable[[int, bool], dict[str, Any]]
    reload: Callable[[], None]
    tell: Callable[[str], None]


class Worker:
    """Runs a block's trials. `session` is this run of the playbook, as the store knows it."""

    def __init__(self, store: Store, lab_home: Path, block: Block, session: str, actions: Actions) -> None:
        self._store = store
        self._lab_home = lab_home
        self._block = block
        self._session = session
        self._actions = actions
        self._progress = Progress(lab_home, block.host)
        self._parent = os.getppid()
        self._guardians: list[dict[str, Any]] = [
            {"pid": pid, "started": started(pid)} for pid in (os.getpid(), self._parent)
        ]
        self._guardians += [block.script] if block.script else []
        self._seconds: list[float] = []
        self._place = (block.generation_id, block.host, block.host_class, block.number)

    def run(self) -> dict[str, int]:
        """Run what is left of the block; returns how many attempts ended how, by outcome."""
        counts: dict[str, int] = {}
        faults = 0
        self._renew()
        try:
            while claim := self._claim():
                record, outage = self._attempt(claim)
                self._check_guardians()
                try:
                    self._store.record(claim, record)
                except ClaimLost as lost:
                    self._actions.tell(f"trial {claim.trial['id']}: {lost}")
                    continue
                counts[record["outcome"]] = counts.get(record["outcome"], 0) + 1
                self._actions.tell(self._line(claim, record))
                if outage is not None:
                    raise outage
                faults = faults + 1 if record["detail"] == "harness_error" else 0
                self._recover(record, faults)
            self._settle()
        finally:
            self._progress.remove()
            self._store.leave_block(*self._place)
        return counts

    def _settle(self) -> None:
        """The block is over: say so where the host's speed drifted under it."""
        for one in self._store.settle_blocks(self._block.generation_id, self._block.host_class):
            if (one["numbers"] or {}).get("drifted"):
                self._actions.tell(_drift_line(one))

    def _recover(self, record: dict[str, Any], faults: int) -> None:
        """After a void trial: bring the engine back, and stop where the next trials would be void as well."""
        if record["outcome"] != "void" or record["detail"] == "oom_guard":
            return
        if faults >= FAULTS_IN_A_ROW:
            raise HarnessFails(
                f"{faults} trials in a row failed on our side, the last one: {record['error']}",
                "mend that and run the same command again; the trials wait",
            )
        self._actions.renew(LOAD_SECONDS, True)
        self._actions.reload()
        engine_answers(self._block.base_url, self._block.api_key, self._block.instance_id, self._block.engine)
        self._renew()

    def _check_guardians(self) -> None:
        """After `kill -9` of what started it this process would go on for ever, beside the resumed sweep."""
        if os.getppid() != self._parent or not all(is_alive(one["pid"], one["started"]) for one in self._guardians):
            raise Orphaned("What ran this sweep was killed.", "run the same command again to go on")

    def _claim(self) -> Claim | None:
        self._check_guardians()
        return self._store.claim(*self._place, self._session)

    def _renew(self) -> dict[str, Any]:
        return self._actions.renew(int(self._block.trial_seconds + GRACE_SECONDS), False)

    def _attempt(self, claim: Claim) -> tuple[dict[str, Any], Exception | None]:
        """The attempt's record, and what keeps the host from being used any further."""
        trial = claim.trial
        folder = self._lab_home / "trials" / str(self._block.generation_id) / trial["id"] / str(claim.attempt)
        folder.mkdir(parents=True, exist_ok=True)
        scratch = scratch_folder(self._lab_home, self._block.sweep, self._block.host) / f"{trial['id']}-{claim.attempt}"
        scratch.mkdir(parents=True)
        self._show(trial)
        began, started_at = time.monotonic(), utc_now()
        try:
            record = run_child(
                self._spec(claim, folder, scratch), lambda event: self._progress.update(**_reading(event))
            )
        except TrialCrashed as crash:
            record = crash.record(started_at)
        finally:
            remove_tree(scratch)
        self._seconds.append(time.monotonic() - began)
        record["process_seconds"] = self._seconds[-1]
        try:
            return _guarded(record, self._renew()), None
        except Exception as outage:  # whatever the way to the host raises
            return _lost(record, str(outage)), outage

    def _spec(self, claim: Claim, folder: Path, scratch: Path) -> dict[str, Any]:
        trial = claim.trial
        return {
            "trial": trial["id"],
            "attempt": claim.attempt,
            "folder": str(folder),
            "scratch": str(scratch),
            "engine": self._block.engine,
            "base_url": self._block.base_url,
            "api_key": self._block.api_key,
            "model": self._block.instance_id,
            "window_tokens": self._block.window_tokens,
            "canary": self._block.canary_folders[trial["canary"]],
            "toolchain": self._block.toolchain,
            "repositories": self._block.repositories,
            "budgets": trial["budgets"],
            "chat": trial["chat"] | {key: value for key, value in self._block.settings.items() if key == "tool_style"},
            "speculative": trial["load"].get("speculative", "off"),
            "seed": trial["seed"],
            "sandbox": self._block.sandbox,
            "guardians": self._guardians,
        }

    def _show(self, trial: dict[str, Any]) -> None:
        counts = self._store.progress(self._block.generation_id)
        left = counts["total"] - counts["done"]
        self._progress.update(
            now=True,
            done=counts["done"],
            total=counts["total"],
            trial={key: trial[key] for key in ("id", "model", "canary", "replicate", "chat")},
            turns=trial["budgets"]["turns"],
            turn=0,
            generated_tokens=0,
            tokens_per_second=None,
            phase="layout",
            seconds_left=left * sum(self._seconds) / len(self._seconds) if self._seconds else None,
        )

    def _line(self, claim: Claim, record: dict[str, Any]) -> str:
        counts = self._store.progress(self._block.generation_id)
        trial = claim.trial
        ended = "/".join(filter(None, (record["outcome"], record["ceiling"], record["detail"])))
        config = " ".join(f"{name}={value}" for name, value in trial["chat"].items())
        which = f"#{trial['replicate']}" if trial["purpose"] == "measure" else trial["purpose"].replace("_", "-")
        speed = record.get("generated_tokens_per_second")
        return (
            f"trial {counts['done']}/{counts['total']} {self._block.host} {trial['model']} {trial['canary']} "
            f"[{config}] {which}: {ended} · "
            f"{record.get('turns', 0)} turns · {record.get('generated_tokens', 0)} tokens"
            + (f" · {speed:.0f} tokens/s" if speed else "")
            + f" · {record['process_seconds']:.1f} s"
        )


def _drift_line(block: dict[str, Any]) -> str:
    numbers = block["numbers"]
    then = "it runs once more" if block["state"] == "drifted" else "it stays, being run once more already"
    return (
        f"block {block['number']} of {block['model']}: the speed went from {numbers['opening_tokens_per_second']:.1f} "
        f"to {numbers['closing_tokens_per_second']:.1f} tokens/s on {numbers['host']}; {then}"
    )


def _reading(event: dict[str, Any]) -> dict[str, Any]:
    shown = ("turn", "generated_tokens", "tokens_per_second", "phase")
    return {key: event[key] for key in shown if key in event}


def _guarded(record: dict[str, Any], reading: dict[str, Any]) -> dict[str, Any]:
    """The guard comes first: a trial during which the keeper unloaded the model says nothing about the model."""
    record |= {name: reading.get(name) for name in ("lowest_available_bytes", "energy_joules", "energy_from")}
    if breach := reading.get("breach"):
        detail = "oom_guard" if breach["kind"] == "floor" else "host_lost"
        record.update(outcome="void", ceiling=None, detail=detail, error=sentence(breach))
    return record


def _lost(record: dict[str, Any], why: str) -> dict[str, Any]:
    """Its engine failed because the host is out of reach. What ended before that stands."""
    if record["outcome"] == "void":
        record.update(detail="host_lost", error=f"the host was lost: {why}")
    return record
