# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who model-written code runs as: never root, not even a namespace's."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from pathlib import Path

# Outside what systemd and useradd hand out. One uid per trial process, so that limits counted per user are its own.
_FIRST, _COUNT = 400_000, 100_000
# Where a container maps 65536 ids only: the span that systemd leaves unused.
_FIRST_SMALL, _COUNT_SMALL = 60_578, 600


def sandbox_ids() -> tuple[int, int]:
    """uid and gid, as the host sees them, of what runs inside: the caller's own unless that is root."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    large = _FIRST + os.getpid() % _COUNT
    uid = large if _is_mapped(large) else _FIRST_SMALL + os.getpid() % _COUNT_SMALL
    return uid, uid


def hand_over(folders: Iterable[Path]) -> None:
    """Give folders to the sandbox's user. Links are given, never followed."""
    if os.geteuid() != 0:
        return
    uid, gid = sandbox_ids()
    for top in folders:
        os.chown(top, uid, gid, follow_symlinks=False)
        for folder, folders_below, files in os.walk(top):
            for name in folders_below + files:
                os.chown(os.path.join(folder, name), uid, gid, follow_symlinks=False)


def _is_mapped(uid: int) -> bool:
    try:
        lines = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    except OSError:
        return True
    ranges = [(int(first), int(count)) for first, _outside, count in (line.split() for line in lines)]
    return any(first <= uid < first + count for first, count in ranges)


def remove_tree(top: Path) -> None:
    """Remove a folder, however deep and whatever its permissions.

    A folder is moved up to the top before it is emptied: no path gets too long, and nothing recurses.
    """
    while top.is_dir():
        try:
            _empty_and_remove(top)
        except FileNotFoundError:
            continue  # a trial that is ending removes it too


def _empty_and_remove(top: Path) -> None:
    os.chmod(top, 0o700)
    mark, moved = uuid.uuid4().hex, 0
    folders = [str(top)]
    while folders:
        folder = folders.pop()
        with os.scandir(folder) as listing:
            entries = list(listing)
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)
                continue
            os.chmod(entry.path, 0o700)
            moved += 1
            folders.append(os.path.join(top, f"{mark}-{moved}"))
            os.rename(entry.path, folders[-1])
        if folder != str(top):
            os.rmdir(folder)
    os.rmdir(top)
