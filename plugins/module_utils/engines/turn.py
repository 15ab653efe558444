# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose turn it is to change what an engine has loaded, and what its loads took.

The keeper gives a host to one owner for hours; this gives an engine's port to one process for one load, whoever that
is. The lock is the kernel's (flock), so it goes with the process. What a load took is kept in the locked file: it is
what has to come back when the model is unloaded, by another process, days later.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .base import EngineError, Instance

FOLDER = Path("/var/tmp")  # one for all users of the host, and it outlives a restart
RETRY_SECONDS = 0.1


class EngineBusy(EngineError):
    """Another process is loading or unloading on this engine just now."""


class Turn:
    """A held turn. What it notes is on the disk at once, since whoever holds it may be killed."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock
        known = _read(lock)
        self._took: dict[str, int] = _bytes_by_name(known.get("took"))
        self._missing: dict[str, int] = _bytes_by_name(known.get("missing"))
        self._write()

    def took(self, instance: Instance) -> int | None:
        """By how much this load made the available memory fall; None when it was not ours."""
        return self._took.get(_key(instance))

    def note_load(self, instance: Instance, taken_bytes: int) -> None:
        self._took[_key(instance)] = taken_bytes
        self._write()

    def keep_only(self, instances: Iterable[Instance]) -> None:
        """Forget what is not loaded any more."""
        keys = {_key(one) for one in instances}
        self._took = {key: count for key, count in self._took.items() if key in keys}
        self._write()

    @property
    def missing(self) -> dict[str, int]:
        """Of memory that an engine kept after an unload: `expected_bytes` to be available, and `kept_bytes`."""
        return self._missing

    def note_missing(self, missing: dict[str, int]) -> None:
        self._missing = missing
        self._write()

    def is_empty(self) -> bool:
        return not self._took and not self._missing

    def _write(self) -> None:
        text = json.dumps({"pid": os.getpid(), "took": self._took, "missing": self._missing}).encode()
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, text, 0)


@contextmanager
def turn(base_url: str, timeout_seconds: float) -> Iterator[Turn]:
    """Wait for the turn on this engine's port; EngineBusy names the process that has it all the time."""
    address = urlsplit(base_url)
    path = FOLDER / f"local_llm_lab-engine-{address.port or address.scheme}.json"
    try:
        lock = _take(path, timeout_seconds)
        held = Turn(path, lock)
    except OSError as error:
        raise EngineError(
            f"The lock {path} cannot be used: {error.strerror}.", f"remove it, as its owner or as root: rm {path}"
        ) from error
    try:
        yield held
    finally:
        if held.is_empty():
            with suppress(OSError):  # another user's file stays
                path.unlink()
        os.close(lock)


def _take(path: Path, timeout_seconds: float) -> int:
    end = time.monotonic() + timeout_seconds
    while True:
        lock = _open(path)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(lock, path):
                return lock
        except BlockingIOError:
            if time.monotonic() > end:
                holder = _read(lock).get("pid", "unknown")
                os.close(lock)
                raise EngineBusy(
                    f"Process {holder} has been loading or unloading on this engine for the {timeout_seconds:g} s "
                    "waited here.",
                    f"wait for it, or end it; it holds the lock {path}",
                ) from None
        os.close(lock)
        time.sleep(RETRY_SECONDS)


def _is_at(lock: int, path: Path) -> bool:
    """Whether this open file is still the one under that name: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(lock), os.stat(path))
    except FileNotFoundError:
        return False


def _open(path: Path) -> int:
    # Not one open with O_CREAT: in a sticky folder Linux refuses that for another user's file, even to root.
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        pass
    try:
        lock = os.open(path, flags | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return os.open(path, flags)
    os.fchmod(lock, 0o666)  # the next to load may be another user
    return lock


def _read(lock: int) -> dict[str, Any]:
    """What the file says; nothing where whoever wrote it was killed at it."""
    try:
        plain = json.loads(os.pread(lock, 1 << 16, 0))
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}


def _bytes_by_name(plain: Any) -> dict[str, int]:
    pairs = plain.items() if isinstance(plain, dict) else ()
    return {name: count for name, count in pairs if isinstance(count, int) and count >= 0}


def _key(instance: Instance) -> str:
    """The same name under another load config is another load."""
    return f"{instance.id}|{instance.context_tokens}|{instance.parallel}"
