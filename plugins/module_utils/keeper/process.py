# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper itself: a process of its own that outlives the module which started it.

It takes the lock, samples the memory each second, answers on a socket, and where it must, unloads and lets go.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time
import traceback
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from .. import memory
from ..engines import connect
from ..errors import LabError
from .folder import Folder
from .watch import Watch

SAMPLE_SECONDS = 1.0
TAKE_SECONDS = 1.0  # whoever only looks at the lock holds it for an instant
UNLOAD_TRIES = 5


class Keeper:
    def __init__(self, folder: Folder, terms: dict[str, Any]) -> None:
        self.folder = folder
        self.owner = str(terms["owner"])
        self.breach: dict[str, Any] | None = None
        self.held = True
        self._agree(terms)
        self.watch = Watch(time.monotonic(), terms["deadline_seconds"], terms["floor_bytes"])
        self._sample()
        self.publish()

    def publish(self, error: str | None = None) -> None:
        self.folder.write_status({**self.status(), "uid": os.getuid(), "updated_at": _utc(), "error": error})

    def status(self) -> dict[str, Any]:
        return {
            "held": self.held,
            "owner": self.owner,
            "pid": os.getpid(),
            "deadline": self.deadline,
            "lowest_available_bytes": self.watch.lowest_bytes,
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
                self._sample()

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
        self._sample()  # an owner that comes too late, or into a full memory, is told so
        if not self.held:
            return self.status()
        self._agree(request)
        lowest = self.watch.renew(time.monotonic(), request["deadline_seconds"], request["floor_bytes"])
        self.publish()
        return {**self.status(), "lowest_available_bytes": lowest}

    def _agree(self, terms: dict[str, Any]) -> None:
        self.engine = (terms["engine"], terms["base_url"], terms["engine_options"])
        self.deadline = _utc(terms["deadline_seconds"])

    def _sample(self) -> None:
        available_bytes = memory.available()
        kind = self.watch.sample(time.monotonic(), available_bytes)
        if kind:
            self._act(kind, available_bytes)

    def _act(self, kind: str, available_bytes: int) -> None:
        """Unload, then write down why, then let go."""
        at, deadline = _utc(), self.deadline
        unloaded, error = self._unload()
        self.breach = {
            "kind": kind,
            "at": at,
            "available_bytes": available_bytes,
            "floor_bytes": self.watch.floor_bytes,
            "deadline": deadline,
            "unloaded": unloaded,
            "error": error,
        }
        self.held = False
        self.publish()

    def _unload(self) -> tuple[list[str], str | None]:
        error = None
        for _unused in range(UNLOAD_TRIES):
            try:
                return [one.id for one in connect(*self.engine).unload_all()], None
            except Exception as failure:
                # Whatever goes wrong here, trying again is all that keeps the host alive.
                error = str(failure) if isinstance(failure, LabError) else repr(failure)
                time.sleep(SAMPLE_SECONDS)
        return [], error


def main(arguments: dict[str, Any]) -> None:
    """Hold the host. The first line on standard output says whether that worked."""
    folder = Folder(arguments["keeper_dir"])
    lock = folder.take()
    end = time.monotonic() + TAKE_SECONDS
    while lock is None and time.monotonic() < end:
        time.sleep(0.02)
        lock = folder.take()
    if lock is None:
        _say({"held": False})
        return
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


def _utc(in_seconds: float = 0) -> str:
    moment = datetime.now(timezone.utc) + timedelta(seconds=in_seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
