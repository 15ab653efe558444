# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds the host, since when, until when; and how the last hold ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ..keeper import KeeperError, status
from ..keeper.folder import Folder
from ..keeper.telling import describe
from .finding import Check, Finding
from .host import Host
from .look import Look
from .subject import Subject

LATE = timedelta(seconds=90)  # the keeper acts at its deadline, and an emergency unload may take a while

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
    """`state` is what `keeper.status` says; where it cannot be read, `why`. `pid` and `file` are the last keeper's."""

    now: datetime
    state: dict[str, Any] | None = None
    why: str = ""
    pid: int | None = None
    file: str = ""


def gather(look: Look, host: Host) -> KeeperSeen:
    now = datetime.now(timezone.utc)
    if not host.keeper_dir:
        return KeeperSeen(now)
    folder = Folder(host.keeper_dir)
    last = folder.read_status()
    file = str(folder.path / f"keeper.{last.get('uid')}.json")
    try:
        return KeeperSeen(now, status(host.keeper_dir), "", last.get("pid"), file)
    except KeeperError as error:
        try:
            held = folder.is_held()
        except KeeperError:
            held = False
        return KeeperSeen(now, None, error.message, last.get("pid") if held else None, file)


def keeper(seen: KeeperSeen, host: Host) -> Finding:
    if not host.keeper_dir:
        return KEEPER.ok("no lab_keeper_dir is set")
    if seen.state is None:
        if seen.pid is None:
            return KEEPER.fail(seen.why, KEEPER.command("open", folder=host.keeper_dir))
        return KEEPER.fail(seen.why, KEEPER.command("end", pid=seen.pid))
    evidence = describe(seen.state)
    if seen.state["held"]:
        if _moment(seen.state["deadline"], seen.now) + LATE < seen.now:
            return KEEPER.fail(f"{evidence} It should have let go.", KEEPER.command("end", pid=seen.state["pid"]))
        return KEEPER.ok(evidence)
    if seen.state["breach"]:
        return KEEPER.warn(evidence, KEEPER.command("forget", file=seen.file))
    return KEEPER.ok(evidence)


def _moment(text: Any, otherwise: datetime) -> datetime:
    try:
        return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return otherwise


SUBJECT = Subject(gather, ((KEEPER, keeper),))
