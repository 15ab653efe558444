# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds the host, since when, until when; and how the last hold ended."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ..keeper import KeeperError, status
from ..keeper.folder import Folder
from .finding import Check, Finding
from .host import Host
from .look import Look, gib
from .subject import Subject

# The keeper acts at its deadline; an emergency unload may take a while.
LATE = timedelta(seconds=90)

KEEPER = Check(
    "keeper",
    "who holds the host, since and until when, and whether the keeper had to end the last hold",
    {
        "end": "kill -9 {pid}",
        "forget": "rm {file} # once the run that was ended has been started again, or given up",
        "open": "sudo chmod 1777 {folder}",
    },
)


@dataclass(frozen=True)
class KeeperSeen:
    """`last` is the status that was written last, `file` where; `since` when the keeper opened its socket."""

    now: datetime
    held: bool = False
    last: dict[str, Any] | None = None
    since: datetime | None = None
    file: str = ""
    why: str = ""


def gather(look: Look, host: Host) -> KeeperSeen:
    now = datetime.now(timezone.utc)
    if not host.keeper_dir:
        return KeeperSeen(now)
    folder = Folder(host.keeper_dir)
    why = ""
    try:
        held = folder.is_held()
    except KeeperError as error:
        return KeeperSeen(now, why=error.message)
    last = folder.read_status()
    if held:
        try:
            last = {**last, **status(host.keeper_dir)}
            held = last["held"]
        except KeeperError as error:
            why = error.message
    since = None
    uid = last.get("uid")
    with contextlib.suppress(OSError):
        since = datetime.fromtimestamp(folder.socket(int(uid or 0)).stat().st_mtime, timezone.utc)
    return KeeperSeen(now, held, last, since, str(folder.path / f"keeper.{uid}.json"), why)


def keeper(seen: KeeperSeen, host: Host) -> Finding:
    if not host.keeper_dir:
        return KEEPER.ok("no lab_keeper_dir is set")
    last = seen.last or {}
    if seen.why and not seen.held:
        return KEEPER.fail(seen.why, KEEPER.command("open", folder=host.keeper_dir))
    if seen.held:
        return _held(seen, last)
    breach = last.get("breach")
    if breach:
        return KEEPER.warn(f"nobody holds the host; {_how_it_ended(breach)}", KEEPER.command("forget", file=seen.file))
    return KEEPER.ok("nobody holds the host")


def _held(seen: KeeperSeen, last: dict[str, Any]) -> Finding:
    since = f" since {seen.since.isoformat(timespec='seconds').replace('+00:00', 'Z')}" if seen.since else ""
    evidence = f"held by {last.get('owner')} (process {last.get('pid')}){since} until {last.get('deadline')}"
    end = KEEPER.command("end", pid=last.get("pid"))
    if seen.why:
        return KEEPER.fail(f"{evidence}: it does not answer", end)
    if _moment(last.get("deadline"), seen.now) + LATE < seen.now:
        return KEEPER.fail(f"{evidence}: its deadline has passed and it has not let go", end)
    return KEEPER.ok(evidence)


def _how_it_ended(breach: dict[str, Any]) -> str:
    unloaded = ", ".join(breach.get("unloaded") or ()) or "nothing"
    what = f"the last hold ended at {breach.get('at')} by {breach.get('kind')}, {unloaded} was unloaded"
    if breach.get("kind") == "floor":
        what += f" ({gib(breach.get('available_bytes') or 0)} available, floor {gib(breach.get('floor_bytes') or 0)})"
    return what + (f"; {breach['error']}" if breach.get("error") else "")


def _moment(text: Any, otherwise: datetime) -> datetime:
    try:
        return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return otherwise


SUBJECT = Subject(gather, ((KEEPER, keeper),))
