# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper's folder on the host, shared by every user who may hold it.

The lock is the kernel's (flock): it goes with the process, however that ends, so nothing here can be stale. Files are
per user, since in a folder with the sticky bit nobody can replace another's.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from .. import processes
from ..errors import LabError
from ..files import read_json, write_whole

LONGEST_SOCKET_PATH = 100  # what every Unix takes
NEEDED = {"held", "pid", "started", "updated_at"}


class KeeperError(LabError):
    """The host cannot be held."""


class Folder:
    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def prepare(self) -> None:
        """Make the folder; whoever holds the host later may be another user."""
        try:
            for folder in reversed([self.path, *self.path.parents]):
                if not folder.exists():
                    folder.mkdir(exist_ok=True)
                    folder.chmod(0o1777)
            with self._lock_file(create=True):
                pass
        except OSError as error:
            raise self.unusable(error) from error
        if len(str(self.socket(os.getuid()))) > LONGEST_SOCKET_PATH:
            raise KeeperError(
                f"The path of keeper_dir {self.path} is too long for a socket.",
                f"choose one of at most {LONGEST_SOCKET_PATH - 20} characters",
            )

    def socket(self, uid: int) -> Path:
        return self.path / f"control.{uid}.sock"

    def write_status(self, status: dict[str, Any]) -> None:
        write_whole(self.path / f"keeper.{os.getuid()}.json", json.dumps(status, indent=1).encode() + b"\n")

    def read_status(self) -> dict[str, Any]:
        """The newest status anyone wrote; what it says of being held only counts while the lock is held."""
        return max(self._statuses(), key=lambda one: str(one["updated_at"]), default={})

    def read_holder(self) -> dict[str, Any] | None:
        """What the process wrote that holds the host; None while it has not written it yet."""
        holding = (one for one in self._statuses() if one["held"] and processes.is_alive(one["pid"], one["started"]))
        return max(holding, key=lambda one: str(one["updated_at"]), default=None)

    def _statuses(self) -> list[dict[str, Any]]:
        found = (read_json(file) for file in self.path.glob("keeper.*.json"))
        return [
            one for one in found if isinstance(one, dict) and {"held", "pid", "started", "updated_at"} <= one.keys()
        ]

    def is_held(self) -> bool:
        try:
            with self._lock_file() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        except OSError as error:
            raise self.unusable(error) from error
        return False

    def take(self) -> int | None:
        """Take the lock, for as long as the descriptor is open anywhere; None when somebody has it."""
        lock = self._open(create=True)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock

    @contextlib.contextmanager
    def _lock_file(self, create: bool = False) -> Iterator[int]:
        lock = self._open(create)
        try:
            yield lock
        finally:
            os.close(lock)

    def _open(self, create: bool) -> int:
        # Not one open with O_CREAT: in a sticky folder Linux refuses that for another user's file, even to root.
        path = self.path / "lock"
        try:
            return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            if not create:
                raise
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileExistsError:
            return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        os.fchmod(lock, 0o666)
        return lock

    def unusable(self, error: OSError) -> KeeperError:
        return KeeperError(
            f"The keeper's folder {self.path} cannot be used: {error.strerror}.",
            "set lab_keeper_dir to a folder that everybody who uses this host can write",
        )


def utc(in_seconds: float = 0) -> str:
    moment = datetime.now(timezone.utc) + timedelta(seconds=in_seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
