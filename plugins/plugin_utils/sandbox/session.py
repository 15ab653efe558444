# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One open sandbox: the controller's end of the tool server's pipes."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from .spec import SandboxDied

START_SECONDS = 30.0
END_SECONDS = 10.0
MAX_REPLY_BYTES = 16 * 2**20
_REMEDY = "It is the sandbox that failed, not the model: run again, and look at the memory left on this controller."


class Sandbox:
    """Calls into one running sandbox. Open and call it from one thread; kill() may come from any.

    Stay in a thread that lives as long as the sandbox: the kernel ends it with the thread that started it.
    """

    def __init__(
        self,
        backend: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        pass_fds: Sequence[int] = (),
        on_kill: Callable[[], None] | None = None,
    ) -> None:
        self.backend = backend
        self._on_kill = on_kill
        self._init_pidfd: int | None = None
        self._closed = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the sandbox)
        self._process = subprocess.Popen(
            list(command),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=dict(environment),
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )
        try:
            self._receive(START_SECONDS)
            self._init_pidfd = _pidfd_of_child(self._process.pid)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()

    def call(self, op: str, arguments: Mapping[str, Any], timeout_seconds: float) -> dict[str, Any]:
        """One tool call. A call that outlasts its time kills the sandbox: there is no telling what holds it."""
        if self._closed:
            raise SandboxDied("The sandbox is closed.", "Open another one.")
        told = cast(BinaryIO, self._process.stdin)
        data = json.dumps({"op": op, "arguments": dict(arguments)}).encode() + b"\n"
        try:
            while data:
                data = data[told.write(data) or 0 :]
        except OSError:
            raise self._died("ended") from None
        return self._receive(timeout_seconds)

    def kill(self) -> None:
        """End everything inside, now. May be called at any time, again, and from another thread."""
        if self._init_pidfd is not None:
            try:
                signal.pidfd_send_signal(self._init_pidfd, signal.SIGKILL)
            except OSError:
                pass  # already gone, or closed by close()
        self._process.kill()
        if self._on_kill is not None:
            self._on_kill()

    def close(self) -> None:
        """Kill, and wait until nothing of it is left."""
        if self._closed:
            return
        self._closed = True
        self.kill()
        self._process.wait()
        if self._init_pidfd is not None:
            # Process 1 of a namespace is reported dead only after all the others in it are.
            select.select([self._init_pidfd], [], [], END_SECONDS)
            handle, self._init_pidfd = self._init_pidfd, None
            os.close(handle)
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                stream.close()

    def _receive(self, timeout_seconds: float) -> dict[str, Any]:
        handle = cast(BinaryIO, self._process.stdout).fileno()
        deadline = time.monotonic() + timeout_seconds
        buffer = bytearray()
        while not buffer.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not _readable(handle, left):
                raise self._died(f"gave no answer within {timeout_seconds:g} s and was killed")
            chunk = os.read(handle, 1 << 16)
            if not chunk or len(buffer) > MAX_REPLY_BYTES:
                raise self._died("ended")
            buffer += chunk
        try:
            reply = json.loads(buffer)
        except ValueError:
            reply = None
        if not isinstance(reply, dict):
            raise self._died("gave an answer that is none")
        return reply

    def _died(self, how: str) -> SandboxDied:
        self.kill()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        self._errors.seek(0)
        said = " ".join(self._errors.read(2000).decode(errors="replace").split())
        return SandboxDied(f"The {self.backend} sandbox {how}{': ' + said if said else ''}.", _REMEDY)


def _readable(handle: int, seconds: float) -> bool:
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    return bool(poller.poll(seconds * 1000))


def _pidfd_of_child(pid: int) -> int | None:
    """A handle on the namespace's first process; None where the kernel has no such thing (macOS)."""
    try:
        first = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()[0]
        return os.pidfd_open(int(first))
    except (OSError, IndexError, AttributeError):
        return None
