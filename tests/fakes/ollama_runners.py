# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator's half: Ollama's scheduler, from server/sched.go of ollama/ollama v0.33.0-rc2 (fb30760).

A runner belongs to a blob, not to a name: two names of one file share it, and a model that was created anew or deleted
while it was loaded can no longer be unloaded by its name. Loads come one after another. A runner is listed once it is
loaded and until its process is gone. One that is busy is unloaded when its last request ends. One that was killed
stays listed until the next request finds it dead.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .model_process import ModelProcess

FOREVER = float("inf")
KV_SHARE = {"f16": 1.0, "q8_0": 34 / 64, "q4_0": 18 / 64}
SLOW_SECONDS = 1.0


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message


@dataclass
class Wanted:
    """A model as a request names it: `digest` of what the name stands for, `blob` of its weights."""

    name: str
    digest: str
    blob: str
    weight_bytes: int
    context_tokens: int
    shift: bool  # whether a full window drops its front: a property of the runner, as its size is


@dataclass
class Runner:
    wanted: Wanted
    context_tokens: int
    size_bytes: int
    process: ModelProcess
    keep_seconds: float
    busy: int = 0
    expires: float = FOREVER
    ending: bool = False


@dataclass
class Runners:
    """`faults` is the simulator's own set, looked at when something happens; `twin` makes another model of it."""

    faults: set[str]
    twin: Callable[[Wanted], Wanted]
    parallel: int
    max_loaded: int
    keep_seconds: float
    kv_type: str
    kv_bytes_per_token: int
    train_tokens: int
    closing: threading.Event
    loaded: dict[str, Runner] = field(default_factory=dict)
    processes: list[ModelProcess] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._pending = threading.Lock()
        threading.Thread(target=self._expire, daemon=True).start()

    def resident(self) -> list[str]:
        return [one.name for one in self.processes if one.alive()]

    def listed(self) -> list[Runner]:
        with self._lock:
            return sorted(self.loaded.values(), key=lambda one: -one.expires)

    def acquire(self, wanted: Wanted, keep_seconds: float | None, hung_up: Callable[[], bool]) -> Runner:
        """A runner for one request, loaded, loaded anew or as it is; `release` it afterwards."""
        tokens = min(max(wanted.context_tokens, 4), self.train_tokens)
        with self._pending:
            while True:
                with self._lock:
                    runner = self.loaded.get(wanted.blob)
                    if runner and _serves(runner, wanted, tokens):
                        return self._use(runner, keep_seconds)
                    crowded = len(self.loaded) >= self.max_loaded
                    victim = runner or (min(self.loaded.values(), key=lambda one: one.expires) if crowded else None)
                    if victim is None:
                        break
                    self._expire_now(victim)
                if self.closing.wait(0.01) or hung_up():
                    raise Refused(499, "request canceled")
            return self._use(self._load(wanted, tokens, hung_up), keep_seconds)

    def release(self, runner: Runner) -> None:
        with self._lock:
            runner.busy -= 1
            runner.expires = time.monotonic() + runner.keep_seconds
            if not runner.busy and runner.keep_seconds <= 0:
                self._end(runner)

    def expire(self, blob: str) -> None:
        with self._lock:
            if blob in self.loaded:
                self._expire_now(self.loaded[blob])

    def close(self) -> None:
        for process in self.processes:
            _kill(process)

    def _use(self, runner: Runner, keep_seconds: float | None) -> Runner:
        with self._lock:
            runner.busy += 1
            runner.keep_seconds = runner.keep_seconds if keep_seconds is None else keep_seconds
            runner.expires = time.monotonic() + runner.keep_seconds
        return runner

    def _load(self, wanted: Wanted, tokens: int, hung_up: Callable[[], bool]) -> Runner:
        if "wrong_context" in self.faults:
            tokens //= 2
        kv_bytes = int(tokens * self.parallel * self.kv_bytes_per_token * KV_SHARE[self.kv_type])
        process = self._process(wanted.name, wanted.weight_bytes + kv_bytes)
        if "hang_in_load" in self.faults:
            while not hung_up() and not self.closing.wait(0.02):
                pass
            process.end()
            raise Refused(499, "request canceled")
        if "oom_kill" in self.faults:
            process.end()
            raise Refused(500, "llama-server process has terminated: signal: killed")
        runner = Runner(wanted, tokens, wanted.weight_bytes + kv_bytes, process, self.keep_seconds)
        with self._lock:
            self.loaded[wanted.blob] = runner
            if "second_instance" in self.faults:
                self._add_second(runner)
        return runner

    def _add_second(self, first: Runner) -> None:
        second = self.twin(first.wanted)
        process = self._process(second.name, first.size_bytes)
        self.loaded[second.blob] = Runner(second, first.context_tokens, first.size_bytes, process, FOREVER)

    def _process(self, name: str, resident_bytes: int) -> ModelProcess:
        process = ModelProcess(name, resident_bytes)
        self.processes.append(process)
        return process

    def _expire_now(self, runner: Runner) -> None:
        runner.keep_seconds = 0
        runner.expires = time.monotonic()
        if not runner.busy:
            self._end(runner)

    def _end(self, runner: Runner) -> None:
        if runner.ending:
            return
        runner.ending = True
        if "slow_unload" in self.faults:
            threading.Thread(target=self._end_later, args=[runner], daemon=True).start()
            return
        if "memory_kept" not in self.faults:
            _kill(runner.process)
        self._forget(runner)

    def _end_later(self, runner: Runner) -> None:
        self.closing.wait(SLOW_SECONDS)
        _kill(runner.process)
        self._forget(runner)

    def _forget(self, runner: Runner) -> None:
        with self._lock:
            self.loaded = {blob: one for blob, one in self.loaded.items() if one is not runner}

    def _expire(self) -> None:
        while not self.closing.wait(0.05):
            with self._lock:
                for runner in list(self.loaded.values()):
                    if not runner.busy and runner.expires <= time.monotonic():
                        self._end(runner)


def _serves(runner: Runner, wanted: Wanted, tokens: int) -> bool:
    same = (runner.context_tokens, runner.wanted.shift) == (tokens, wanted.shift)
    return same and runner.process.alive() and not runner.ending


def _kill(process: ModelProcess) -> None:
    if process.alive():
        process.end()
