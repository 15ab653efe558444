# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the GPUs draw, by nvidia-smi. It costs a process and may hang: it is asked seldom and never waited for."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import IO, cast

from .. import processes

QUERY = ("--query-gpu=power.draw", "--format=csv,noheader,nounits")
EVERY_SECONDS = 10.0
HANGS_SECONDS = 60.0
FAILURES = 3  # in a row, and it is not asked again: a driver that does not tell will not tell in ten seconds


class Gpus:
    def __init__(self, now_seconds: float) -> None:
        self._program = shutil.which("nvidia-smi")
        self._asked: subprocess.Popen[bytes] | None = None
        self._asked_at = 0.0
        self._next_at = now_seconds
        self._failures = 0
        self.watts: float | None = None

    def consider(self, now_seconds: float) -> None:
        """Take an answer that has come, and ask again where it is time."""
        if self._asked is not None:
            self._answered(now_seconds)
        if self._asked is None and not self.given_up and now_seconds >= self._next_at:
            self._ask(now_seconds)

    @property
    def given_up(self) -> bool:
        """It is not there, or has nothing to tell."""
        return self._program is None or self._failures >= FAILURES

    def _ask(self, now_seconds: float) -> None:
        self._asked_at, self._next_at = now_seconds, now_seconds + EVERY_SECONDS
        try:
            self._asked = subprocess.Popen(
                [str(self._program), *QUERY],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=processes.minimal_environment(),
            )
        except OSError:
            self._fail()

    def _answered(self, now_seconds: float) -> None:
        asked = cast("subprocess.Popen[bytes]", self._asked)
        if asked.poll() is None:
            if now_seconds - self._asked_at < HANGS_SECONDS:
                return
            asked.kill()  # reaped at a later look, or never: in the kernel's hands it may not even be killable
            if asked.poll() is None:
                return
        with cast(IO[bytes], asked.stdout) as said:
            watts = parse(os.read(said.fileno(), 65536).decode(errors="replace")) if asked.returncode == 0 else None
        self._asked = None
        if watts is None:
            self._fail()
        else:
            self.watts, self._failures = watts, 0

    def _fail(self) -> None:
        self._failures += 1
        if self.given_up:
            self.watts = None


def parse(text: str) -> float | None:
    """The watts of all GPUs together; None where one does not tell ([N/A]), or where there is none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    try:
        watts = [float(line) for line in lines]
    except ValueError:
        return None
    return sum(watts) if watts and all(0 <= one < float("inf") for one in watts) else None
