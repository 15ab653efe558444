# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holding a host, renewing the hold, letting go, and asking who holds it."""

from __future__ import annotations

import json
import os
import select
import socket
import time
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, cast

from .. import memory
from . import process as keeper_process
from .bundle import start
from .folder import Folder, KeeperError

ANSWER_SECONDS = 30.0  # an answer may have to wait for an emergency unload
RELEASE_SECONDS = 5.0
MEMORY_BACK_SECONDS = 15.0  # what was unloaded a moment ago may still be coming back
FIELDS = ("held", "owner", "pid", "deadline", "lowest_available_bytes", "breach")


class KeeperBusy(KeeperError):
    """Somebody else holds the host."""


@dataclass(frozen=True)
class Terms:
    """What an owner agrees with the keeper: until when, above which floor, and what to unload otherwise."""

    owner: str
    deadline_seconds: int
    floor_bytes: int
    engine: str
    base_url: str
    engine_options: dict[str, Any] = field(default_factory=dict)


def status(keeper_dir: str) -> dict[str, Any]:
    """Who holds the host; without a holder, what the last one saw and why it let go."""
    folder = Folder(keeper_dir)
    held = folder.is_held()
    last = folder.read_status()
    if held and last.get("uid") == os.getuid():
        answer = _ask(folder, last, {"do": "status", "owner": None})
        held, last = (True, answer) if answer else (folder.is_held(), folder.read_status())
    if not held:
        last = {**last, "held": False, "owner": None, "pid": None, "deadline": None}
    return {**{name: last.get(name) for name in FIELDS}, "held": held}


def hold(keeper_dir: str, terms: Terms, check: bool = False) -> tuple[bool, dict[str, Any]]:
    """Hold the host, or go on holding it with a new deadline; returns (changed, keeper).

    The keeper says what was lowest since the last renewal, and a breach that ended this owner's last hold. Held by
    another owner it is KeeperBusy.
    """
    folder = Folder(keeper_dir)
    if folder.is_held():
        last = folder.read_status()
        if last.get("owner") != terms.owner:
            raise _busy(folder)
        if check:
            return False, status(keeper_dir)
        answer = _ask(folder, last, {"do": "renew", **asdict(terms)})
        if answer and answer["held"]:
            return False, answer
        # It was released or breached at this very moment.
        _wait_until_free(folder)
    last = folder.read_status()
    breach = last.get("breach") if last.get("owner") == terms.owner else None
    lowest = last.get("lowest_available_bytes") if breach else None
    if check:
        return True, {**status(keeper_dir), "breach": breach}
    folder.prepare()
    _wait_for_memory(terms.floor_bytes)
    answer = _start(folder, terms)
    if breach:
        answer = {**answer, "breach": breach, "lowest_available_bytes": lowest}
    return True, {name: answer.get(name) for name in FIELDS}


def release(keeper_dir: str, owner: str, check: bool = False) -> tuple[bool, dict[str, Any]]:
    """Let the host go if this owner holds it; somebody else's hold is left alone. Returns (changed, keeper)."""
    folder = Folder(keeper_dir)
    now = status(keeper_dir)
    if not now["held"] or now["owner"] != owner:
        return False, now
    if not check:
        _ask(folder, folder.read_status(), {"do": "release", "owner": owner})
        _wait_until_free(folder)
    return True, {**now, "held": False, "owner": None, "pid": None, "deadline": None}


def _start(folder: Folder, terms: Terms) -> dict[str, Any]:
    process = start(
        keeper_process.__name__,
        {"keeper_dir": str(folder.path), "terms": asdict(terms)},
        label=["local_llm.lab", "keeper", str(folder.path)],
    )
    with cast(BinaryIO, process.stdout) as said:
        ready = select.select([said], [], [], ANSWER_SECONDS)[0]
        line = said.readline() if ready else b""
    answer: dict[str, Any] = json.loads(line) if line else {"held": False, "error": "it said nothing"}
    if answer["held"]:
        return answer
    if answer.get("breach"):
        _wait_until_free(folder)
        raise KeeperError(
            f"Only {answer['lowest_available_bytes']} bytes are available, below the floor of {terms.floor_bytes}; "
            "everything was unloaded.",
            "end what else uses this host's memory, or lower lab_floor_bytes",
        )
    if "error" in answer:
        raise KeeperError(f"The keeper did not start: {answer['error']}", f"look at {folder.path}")
    raise _busy(folder)


def _ask(folder: Folder, last: dict[str, Any], request: dict[str, Any]) -> dict[str, Any] | None:
    """One question to the running keeper; None when it is gone."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(folder.socket(int(last["uid"]))))
            connection.sendall(json.dumps(request).encode() + b"\n")
            line = connection.makefile("rb").readline()
        except PermissionError as error:
            raise KeeperBusy(
                f"The host is held by {last['owner']} as another user (uid {last['uid']}).",
                f"run as that user or as root, or wait until {last['deadline']}",
            ) from error
        except socket.timeout as error:
            raise KeeperError(
                f"The keeper (process {last['pid']}) holds {folder.path} and does not answer.",
                f"end it: kill -9 {last['pid']}",
            ) from error
        except OSError:
            return None
    return json.loads(line) if line else None


def _busy(folder: Folder) -> KeeperBusy:
    last = folder.read_status()
    return KeeperBusy(
        f"The host is held by {last.get('owner')} (process {last.get('pid')}) until {last.get('deadline')}.",
        "wait until it is released or its deadline has passed",
    )


def _wait_for_memory(floor_bytes: int) -> None:
    end = time.monotonic() + MEMORY_BACK_SECONDS
    while memory.available() < floor_bytes and time.monotonic() < end:
        time.sleep(0.1)


def _wait_until_free(folder: Folder) -> None:
    end = time.monotonic() + RELEASE_SECONDS
    while folder.is_held():
        if time.monotonic() > end:
            raise _busy(folder)
        time.sleep(0.01)
