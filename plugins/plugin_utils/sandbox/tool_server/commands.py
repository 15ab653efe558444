# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool that runs commands, each of which is the only one: when it ends, so does everything else in here."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable

from .control import Control
from .oom import Priority
from .watching import WATCH_SECONDS, Watch
from .words import MAX_CHARS, WORKSPACE, Refused, cut

Sink = Callable[[bytes], None]


class Output:
    """The beginning and the end of what a command says, whatever its length."""

    def __init__(self, max_chars: int) -> None:
        self.max_chars, self.head, self.tail, self.total = max_chars, bytearray(), bytearray(), 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = self.max_chars - len(self.head)
        self.head += data[: max(room, 0)]
        self.tail += data
        del self.tail[: -self.max_chars]

    def text(self) -> str:
        if self.total <= self.max_chars:
            return self.head.decode(errors="replace")
        both = self.head[: self.max_chars // 2].decode(errors="replace").ljust(self.max_chars // 2)
        return cut(both + self.tail[-(self.max_chars // 2) :].decode(errors="replace"), self.max_chars, self.total)


class Ended:
    """How a command ended. There is no exit code if its time was up, or if all together used too much."""

    def __init__(self, exit_code: int | None, timed_out: bool, left_running: int, limits: list[str]) -> None:
        self.exit_code, self.timed_out, self.left_running, self.limits = exit_code, timed_out, left_running, limits


class Commands:
    def __init__(self, control: Control, limits: dict[str, int], priority: Priority) -> None:
        self._control, self._limits, self._priority = control, limits, priority

    def run(
        self, command: object, timeout_seconds: float, stdin: str = "", max_chars: int = MAX_CHARS
    ) -> dict[str, object]:
        if not isinstance(command, list) or not command or not all(isinstance(word, str) for word in command):
            raise Refused("command must be a list of words")
        output = Output(max_chars)
        ended = self.execute(command, float(timeout_seconds), output.add, stdin)
        return {**vars(ended), "output": output.text()}

    def execute(
        self, command: list[str], timeout_seconds: float, sink: Sink, stdin: str = "", errors: int = subprocess.STDOUT
    ) -> Ended:
        """Run it in the working tree; the sink gets what it says. Whatever else runs is killed when it ends."""
        watch = Watch(self._limits)
        said, saying = os.pipe()
        with os.fdopen(said, "rb", buffering=0):
            try:
                child = self._start(command, stdin, saying, errors)
            finally:
                os.close(saying)
            running = Running(child, said, sink, watch)
            in_time = self._follow(running, time.monotonic() + timeout_seconds)
            by_itself = running.exit_code is not None
            left = watch.look_back()
            # Process 1 cannot be in the set -1 names: this ends all else in here, daemons and fork bombs included.
            try:
                os.kill(-1, signal.SIGKILL)
            except ProcessLookupError:
                pass
            for data in iter(lambda: os.read(said, 1 << 16), b""):
                sink(data)
            running.reap(wait=True)
        if not in_time:
            watch.note("time")
        if not by_itself:
            return Ended(None, not in_time, 0, watch.hit)
        return Ended(running.exit_code, False, left, watch.hit)

    def _start(self, command: list[str], stdin: str, out: int, errors: int) -> subprocess.Popen[bytes]:
        source = os.memfd_create("stdin") if stdin else os.open(os.devnull, os.O_RDWR)
        with os.fdopen(source, "r+b", buffering=0) as given:
            if stdin:
                given.write(stdin.encode())
                given.seek(0)
            try:
                with self._priority.of_commands():
                    return subprocess.Popen(
                        command, cwd=WORKSPACE, stdin=given, stdout=out, stderr=errors, start_new_session=True
                    )
            except (OSError, ValueError) as error:
                raise Refused(f"cannot run {command[0]}: {error}") from None

    def _follow(self, running: Running, deadline: float) -> bool:
        """Until the command ends or all together use too much (True), or until its time is up (False)."""
        poller = select.poll()
        poller.register(running.said, select.POLLIN)
        poller.register(self._control.woken, select.POLLIN)
        poller.register(self._control.requests, 0)
        look_at = time.monotonic() + WATCH_SECONDS
        while not running.reap():
            now = time.monotonic()
            if now >= deadline:
                return False
            if now >= look_at:
                if running.watch.is_too_much():
                    return True
                look_at = now + WATCH_SECONDS
            for handle, _event in poller.poll((min(deadline, look_at) - now) * 1000):
                if handle == self._control.requests:
                    os._exit(0)  # the controller is gone
                data = os.read(handle, 1 << 16)
                if handle == running.said and data:
                    running.sink(data)
                elif handle == running.said:
                    poller.unregister(running.said)
        return True


class Running:
    """A command's process, and those it leaves to process 1."""

    def __init__(self, child: subprocess.Popen[bytes], said: int, sink: Sink, watch: Watch) -> None:
        self._child, self.said, self.sink, self.watch = child, said, sink, watch
        self.exit_code: int | None = None

    def reap(self, *, wait: bool = False) -> bool:
        """Take note of what has ended, or wait for all that was killed; whether the command itself has ended."""
        while True:
            try:
                pid, status, used = os.wait4(-1, 0 if wait else os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            if pid == self._child.pid:
                killed_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
                # The object is told, since it would wait for the process itself.
                self.exit_code = self._child.returncode = -killed_by or os.WEXITSTATUS(status)
            if not wait:
                self.watch.ended(status, used)
        return self.exit_code is not None
