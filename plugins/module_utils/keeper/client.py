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

from .. import memory, processes
from . import process as keeper_process
from .bundle import start
from .folder import Folder, KeeperError, utc
from .record import Record

ANSWER_SECONDS = 60.0  # an answer may have to wait for an emergency unload
RELEASE_SECONDS = 5.0
HOLDER_SECONDS = 5.0
MEMORY_BACK_SECONDS = 15.0  # what was unloaded a moment ago may still be coming back
STANDS_STILL_SECONDS = 3.0
SEEN = tuple(Record.__dataclass_fields__)
FIELDS = (
    "held", "owner", "pid", "since", "deadline", "loading", *SEEN, "reclaims", "reclaim_error", "breach",
)  # fmt: skip
NOBODY = dict.fromkeys(("owner", "pid", "since", "deadline", "loading"))


class KeeperBusy(KeeperError):
    """Somebody else holds the host."""


class BelowFloor(KeeperError):
    """So little memory is available that the keeper would have to unload everything at once, or just has."""


@dataclass(frozen=True)
class Terms:
    """What an owner agrees with the keeper: until when, above which floor, and what to unload otherwise.

    While `loading`, and only where `reclaim` is given, the page cache is given back below its `min_free_bytes`.
    """

    owner: str
    deadline_seconds: int
    floor_bytes: int
    engine: str
    base_url: str
    engine_options: dict[str, Any] = field(default_factory=dict)
    loading: bool = False
    reclaim: dict[str, Any] | None = None


def status(keeper_dir: str) -> dict[str, Any]:
    """Who holds the host; without a holder, what the last one saw and why it let go."""
    folder = Folder(keeper_dir)
    last = _holder(folder)
    if last and os.getuid() in (0, last.get("uid")):
        answer = _ask(folder, last, {"do": "status", "owner": None})
        last = answer or _holder(folder)
    held = bool(last and last.get("held"))
    last = last or folder.read_status()
    return {**{name: last.get(name) for name in FIELDS}, "held": held, **({} if held else NOBODY)}


def hold(keeper_dir: str, terms: Terms, check: bool = False) -> tuple[bool, dict[str, Any]]:
    """Hold the host, or go on holding it with a new deadline; returns (changed, keeper).

    The keeper says what was seen since the last renewal, and a breach that ended this owner's last hold. Held by
    another owner it is KeeperBusy.
    """
    folder = Folder(keeper_dir)
    if check:
        return _would_hold(folder, terms)
    folder.prepare()
    end = time.monotonic() + ANSWER_SECONDS
    while True:
        lock = folder.take()
        if lock is not None:
            return True, _start(folder, terms, lock)
        holder = _holder(folder)
        if holder:  # else it was let go at this very moment
            if holder.get("owner") != terms.owner:
                raise _busy(holder)
            answer = _ask(folder, holder, {"do": "renew", **asdict(terms)})
            if answer and answer["held"]:
                return False, {name: answer.get(name) for name in FIELDS}
            if time.monotonic() > end:
                raise _busy(holder)
        time.sleep(0.01)


def release(keeper_dir: str, owner: str, check: bool = False) -> tuple[bool, dict[str, Any]]:
    """Let the host go if this owner holds it; somebody else's hold is left alone. Returns (changed, keeper)."""
    folder = Folder(keeper_dir)
    now = status(keeper_dir)
    if not now["held"] or now["owner"] != owner:
        return False, now
    if not check:
        holder = _holder(folder)
        if holder:
            _ask(folder, holder, {"do": "release", "owner": owner})
        _wait_until_free(folder)
    return True, {**now, "held": False, **NOBODY}


def _would_hold(folder: Folder, terms: Terms) -> tuple[bool, dict[str, Any]]:
    holder = _holder(folder)
    if holder and holder.get("owner") != terms.owner:
        raise _busy(holder)
    now = status(str(folder.path))
    return (False, now) if holder else (True, {**now, **_own_breach(folder.read_status(), terms)})


def _own_breach(last: dict[str, Any], terms: Terms) -> dict[str, Any]:
    """What this owner was not told yet: the breach that ended its last hold, and what was seen until then."""
    if last.get("owner") != terms.owner or not last.get("breach"):
        return {"breach": None}
    return {name: last.get(name) for name in (*SEEN, "breach")}


def _start(folder: Folder, terms: Terms, lock: int) -> dict[str, Any]:
    """Start the keeper, which inherits the lock: between the two of them nobody else can have it."""
    untold = _own_breach(folder.read_status(), terms)
    try:
        _say_who(folder, terms, untold)
        _wait_for_memory(terms.floor_bytes)
        process = start(
            keeper_process.__name__,
            {"keeper_dir": str(folder.path), "terms": asdict(terms), "lock": lock},
            label=["local_llm.lab", "keeper", str(folder.path)],
            pass_fds=(lock,),
        )
    finally:
        os.close(lock)
    with cast(BinaryIO, process.stdout) as said:
        ready = select.select([said], [], [], ANSWER_SECONDS)[0]
        line = said.readline() if ready else b""
    answer: dict[str, Any] = json.loads(line) if line else {"held": False, "error": "it said nothing"}
    if answer["held"]:
        return {**{name: answer.get(name) for name in FIELDS}, **(untold if untold["breach"] else {})}
    if answer.get("breach"):
        _wait_until_free(folder)
        raise BelowFloor(
            f"Only {answer['lowest_available_bytes']} bytes are available, below the floor of {terms.floor_bytes}; "
            "everything was unloaded.",
            "end what else uses this host's memory, or lower lab_floor_bytes",
        )
    process.kill()
    raise KeeperError(f"The keeper did not start: {answer['error']}", f"look at {folder.path}")


def _say_who(folder: Folder, terms: Terms, untold: dict[str, Any]) -> None:
    """Write down whose the host is before the keeper runs, for whoever comes in that moment."""
    pid = os.getpid()
    status = {
        "held": True,
        "owner": terms.owner,
        "pid": pid,
        "started": processes.started(pid),
        "since": utc(),
        "deadline": utc(terms.deadline_seconds),
        **untold,
        "uid": os.getuid(),
        "updated_at": utc(),
    }
    try:
        folder.write_status(status)
    except OSError as error:
        raise folder.unusable(error) from error


def _holder(folder: Folder) -> dict[str, Any] | None:
    """What the holder says of itself; None when nobody holds the host. The newest that is known where it is silent."""
    end = time.monotonic() + HOLDER_SECONDS
    while folder.is_held():
        holder = folder.read_holder()
        if holder or time.monotonic() > end:
            return holder or folder.read_status()
        time.sleep(0.01)
    return None


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


def _busy(holder: dict[str, Any]) -> KeeperBusy:
    return KeeperBusy(
        f"The host is held by {holder.get('owner')} since {holder.get('since')} until {holder.get('deadline')} "
        f"(process {holder.get('pid')}).",
        "wait until it is released or its deadline has passed; where that owner is gone for good, let it go with the "
        f"module local_llm.lab.keeper, state=released and owner={holder.get('owner')}",
    )


def _wait_for_memory(floor_bytes: int) -> None:
    """Wait below the floor, as long as memory is still coming back."""
    highest, now = memory.available(), time.monotonic()
    end, risen_at = now + MEMORY_BACK_SECONDS, now
    while highest < floor_bytes and now < end and now < risen_at + STANDS_STILL_SECONDS:
        time.sleep(0.1)
        available, now = memory.available(), time.monotonic()
        if available > highest + memory.SETTLED_BYTES:
            highest, risen_at = available, now


def _wait_until_free(folder: Folder) -> None:
    end = time.monotonic() + RELEASE_SECONDS
    while folder.is_held():
        if time.monotonic() > end:
            raise _busy(folder.read_status())
        time.sleep(0.01)
