# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of one contestant: its process, its plan, and what the ruler and /proc saw of it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

POLL_SECONDS = 0.05
RUN_SECONDS = 600.0


@dataclass(frozen=True)
class Contestant:
    """How to start an agent, what it is told on standard input, and the calls that it is to be given."""

    command: Sequence[str]
    plan: Sequence[tuple[str, dict[str, Any]]]
    environment: dict[str, str]
    folder: Path
    output_bytes: int
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """`marks` are [seconds, CPU seconds, bytes] of each request. `turns` steps count, from the second request on: the
    first has the connection and lazy imports in it, what comes after them pushes and submits."""

    started: float
    marks: list[tuple[float, float, int]]
    turns: int
    peak_rss_bytes: int

    @property
    def startup_seconds(self) -> float:
        return self.marks[0][0] - self.started

    @property
    def wall_ms_per_turn(self) -> float:
        return 1000 * self._per_turn(0)

    @property
    def cpu_ms_per_turn(self) -> float:
        """Of the agent's process, all its threads. What it starts, and the sandbox, are other processes."""
        return 1000 * self._per_turn(1)

    @property
    def bytes_per_turn(self) -> float:
        return self._per_turn(2)

    def _per_turn(self, what: int) -> float:
        return (self.marks[1 + self.turns][what] - self.marks[1][what]) / self.turns


class Ruler:
    """The server of server.py, in a process of its own."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._runs = 0

    def next_run(self) -> str:
        self._runs += 1
        return f"{self._root}/run-{self._runs}"

    def measure(self, url: str, contestant: Contestant, turns: int) -> Run:
        """Run it to its end. Raises when it did not do exactly the work of its plan."""
        _ask(f"{url}/plan", contestant.plan)
        with (contestant.folder / "output").open("wb") as output:
            started = time.monotonic()
            process = subprocess.Popen(
                contestant.command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=contestant.environment,
                cwd=contestant.folder,
                start_new_session=True,
            )
        with process:
            _ask(f"{url}/watch", process.pid)
            told = cast(IO[bytes], process.stdin)
            told.write(json.dumps(contestant.told).encode())
            told.close()
            peak_rss_bytes = _wait(process)
        marks = _ask(f"{url}/marks")
        if process.returncode != 0 or len(marks) != len(contestant.plan):
            said = (contestant.folder / "output").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{contestant.command}: exit {process.returncode} after {len(marks)} calls: {said}")
        run = Run(started, marks, turns, peak_rss_bytes)
        if run.bytes_per_turn < contestant.output_bytes:
            raise RuntimeError(f"{contestant.command}: the tool's output is not in the history")
        return run


@contextlib.contextmanager
def ruler() -> Iterator[Ruler]:
    server = Path(__file__).with_name("server.py")
    with subprocess.Popen([sys.executable, "-P", str(server)], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Ruler(f"http://127.0.0.1:{cast(IO[str], process.stdout).readline().strip()}")
        finally:
            process.kill()


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Until it ends; returns the high-water mark of its own memory. A rusage would have its children's in it."""
    peak_rss_bytes = 0
    deadline = time.monotonic() + RUN_SECONDS
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                peak_rss_bytes = 1024 * int(line.split()[1])
        if time.monotonic() > deadline:
            process.kill()
        time.sleep(POLL_SECONDS)
    return peak_rss_bytes


def _ask(url: str, given: object = None) -> Any:
    data = None if given is None else json.dumps(given).encode()
    with urllib.request.urlopen(url, data) as response:
        return json.load(response)
