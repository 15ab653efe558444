# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper itself: a process of its own that outlives the module which started it.

It holds the lock, samples the memory each second, answers on a socket, and where it must, unloads and lets go.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import memory, power, processes
from .emergency import empty
from .folder import Folder, utc
from .reclaim import DEFAULT_MIN_FREE_BYTES, Reclaimer
from .record import Record
from .watch import Watch

SAMPLE_SECONDS = 1.0
TOLERANCE_BYTES = 256 * 1024**2  # less than this is other programs' coming and going
UNREADABLE_SAMPLES = 5  # so many in a row without a reading, and nobody knows how near the end is


class Keeper:
    def __init__(self, folder: Folder, terms: dict[str, Any]) -> None:
        self.folder = folder
        self.owner = str(terms["owner"])
        self.since = utc()
        self.started = processes.started(os.getpid())
        self.breach: dict[str, Any] | None = None
        self.held = True
        self.unreadable = 0
        self.loading = False
        self.before_load_bytes = 0
        self.record, self.energy = Record(), power.Energy()
        self.meter = power.Meter(time.monotonic(), terms.get("power_watts"))
        self.reclaimer = Reclaimer()
        self._agree(terms)
        self.watch = Watch(time.monotonic(), terms["deadline_seconds"], terms["floor_bytes"])
        memory.reading()  # a host whose memory cannot be read cannot be kept
        self.sample()
        self.publish()

    def publish(self, error: str | None = None) -> None:
        told = {**self.status(), "started": self.started, "uid": os.getuid(), "updated_at": utc(), "error": error}
        with contextlib.suppress(OSError):  # a full disk: the lock and the socket tell all the same
            self.folder.write_status(told)

    def status(self) -> dict[str, Any]:
        return {
            "held": self.held,
            "owner": self.owner,
            "pid": os.getpid(),
            "since": self.since,
            "deadline": self.deadline,
            "loading": self.loading,
            **self.record.as_dict(),
            "reclaims": self.reclaimer.count,
            "reclaim_error": self.reclaimer.error,
            "breach": self.breach,
        }

    def serve(self, listener: socket.socket) -> None:
        """Sample and answer until released or breached."""
        next_sample = time.monotonic() + SAMPLE_SECONDS
        while self.held:
            listener.settimeout(max(0.001, next_sample - time.monotonic()))
            with contextlib.suppress(socket.timeout):
                client, _unused = listener.accept()
                with client:
                    self._answer(client)
            if time.monotonic() >= next_sample:
                next_sample = time.monotonic() + SAMPLE_SECONDS
                self.sample()

    def _answer(self, client: socket.socket) -> None:
        client.settimeout(2)
        try:
            request = json.loads(client.makefile("rb").readline())
            answer = self._handle(request)
            client.sendall(json.dumps(answer).encode() + b"\n")
        except (OSError, ValueError, KeyError, TypeError):
            pass  # a client that talks nonsense or is gone is no reason to stop watching the memory

    def _handle(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["owner"] != self.owner:
            return self.status()
        if request["do"] == "release":
            self.held = False
            self.publish()
            return self.status()
        self.sample()  # an owner that comes too late, or into a full memory, is told so
        if not self.held:
            return self.status()
        seen, self.record, self.energy = self.record, Record(), power.Energy()
        self._agree(request)
        self.watch.renew(time.monotonic(), request["deadline_seconds"], request["floor_bytes"])
        self.publish()
        return {**self.status(), **seen.as_dict()}

    def _agree(self, terms: dict[str, Any]) -> None:
        self.engine = (terms["engine"], terms["base_url"], terms["engine_options"])
        self.deadline = utc(terms["deadline_seconds"])
        if terms["loading"] and not self.loading:
            self.before_load_bytes = self._available_bytes()
        self.loading = bool(terms["loading"])
        self.meter.watts = terms.get("power_watts")
        self.reclaim = terms["reclaim"]

    def sample(self) -> None:
        self.meter.look(time.monotonic(), self.energy)
        self.record.took(self.energy)
        try:
            reading = memory.reading()
        except memory.MemoryUnreadable as error:
            # A tool that could not be started once, in a full memory, is no reason to leave the host alone.
            self.unreadable += 1
            kind = self.watch.breached(time.monotonic(), None)
            if self.unreadable >= UNREADABLE_SAMPLES:
                kind = "unreadable"
            if kind:
                self._act(kind, None, str(error) if kind == "unreadable" else None)
            return
        self.unreadable = 0
        self.record.add(reading)
        if self.loading and self.reclaim is not None:
            self.reclaimer.consider(reading.free_bytes, self.reclaim.get("min_free_bytes") or DEFAULT_MIN_FREE_BYTES)
        kind = self.watch.breached(time.monotonic(), reading.available_bytes)
        if kind:
            self._act(kind, reading.available_bytes)

    def _act(self, kind: str, available_bytes: int | None, why: str | None = None) -> None:
        """Empty the host, then write down why, then let go."""
        at, deadline = utc(), self.deadline
        emptied = empty(*self.engine, is_short=self._is_short(kind), loading=self.loading)
        self.breach = {
            "kind": kind,
            "at": at,
            "available_bytes": available_bytes,
            "floor_bytes": self.watch.floor_bytes,
            "deadline": deadline,
            "why": why,
            **emptied,
        }
        self.held = False
        self.publish()

    def _is_short(self, kind: str) -> Callable[[], bool]:
        """Whether the memory is below what it was to be, and nothing of it has come back since now.

        Where somebody else takes what the engine gives back, the engine is not to blame.
        """
        wanted_bytes = self.watch.floor_bytes if kind == "floor" else 0
        if kind == "deadline" and self.loading:
            wanted_bytes = self.before_load_bytes - TOLERANCE_BYTES
        most_bytes = min(wanted_bytes, self._available_bytes() + TOLERANCE_BYTES)
        return lambda: self._available_bytes() < most_bytes

    def _available_bytes(self) -> int:
        try:
            return memory.available()
        except memory.MemoryUnreadable:
            return 0


def main(arguments: dict[str, Any]) -> None:
    """Hold the host by the lock that was taken for this process. Its first line says whether that worked."""
    os.set_inheritable(arguments["lock"], False)
    folder = Folder(arguments["keeper_dir"])
    with contextlib.suppress(OSError):  # only root may: the last to be ended when memory is short
        Path("/proc/self/oom_score_adj").write_text("-900")
    path = folder.socket(os.getuid())
    keeper: Keeper | None = None
    try:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        with socket.socket(socket.AF_UNIX) as listener:
            mask = os.umask(0o177)  # others may read the status file, only the owner may talk
            listener.bind(str(path))
            os.umask(mask)
            listener.listen()
            keeper = Keeper(folder, arguments["terms"])
            _say(keeper.status())
            keeper.serve(listener)
    except BaseException:
        if keeper:
            keeper.held = False
            keeper.publish(error=traceback.format_exc())
        else:
            _say({"held": False, "error": traceback.format_exc(limit=1)})
        raise
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def _say(answer: dict[str, Any]) -> None:
    """Tell the starter, then let go of its pipe: it waits for the end of it."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
