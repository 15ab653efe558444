# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of many gigabytes from a web server, gone on with where it was interrupted."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from .http import Interrupted, RangeIgnored, RemoteError, named, open_part

TRIES = 5  # in a row that bring nothing
PAUSE_SECONDS = 2.0
WAIT_SECONDS = 60.0  # without a byte
WINDOW_SECONDS, LEAST_BYTES, SLOW_WINDOWS = 60.0, 10**6, 5  # in a row with less than that: given up


def hub_url(template: str, repo: str, file: str, revision: str) -> str:
    """Where a model hub keeps a file of a repository."""
    try:
        return template.format(repo=quote(repo), file=quote(file), revision=quote(revision, safe=""))
    except (KeyError, IndexError, ValueError):
        raise RemoteError(
            f"{named(template)!r} is no URL template.", "use {repo}, {revision} and {file} in it"
        ) from None


def download(url: str, target: Path, size_bytes: int) -> None:
    """Have all of the file's bytes in `target`, which grows while it is fetched: its size is the progress.

    What is there already is taken for the file's beginning; whoever asked checks the sha256 of the whole. It is
    given up for the whole file alone, not for a page of another size that a server sends instead.
    """
    with target.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RemoteError(f"{target} is being fetched by another process.", "wait until it is done") from error
        if file.tell() > size_bytes:
            _empty(file)
        failures = restarts = 0
        pace = _Pace(url)
        while (before := file.tell()) < size_bytes:
            try:
                _fetch(url, file, size_bytes, pace)
            except RangeIgnored as ignored:
                restarts += 1
                if before and ignored.size_bytes != size_bytes:
                    sent = "something" if ignored.size_bytes is None else f"{ignored.size_bytes} bytes"
                    raise RemoteError(
                        f"{named(url)} sends {sent} instead of the rest of {size_bytes} bytes.",
                        "see that the URL still leads to the file, not to a page; what was fetched is kept",
                    ) from None
                if not before or restarts > TRIES:
                    raise
                _empty(file)
            except Interrupted:
                failures = failures + 1 if file.tell() == before else 0
                if failures >= TRIES or not file.tell():
                    raise
                time.sleep(PAUSE_SECONDS)
        file.flush()
        os.fsync(file.fileno())


def _empty(file: BinaryIO) -> None:
    file.truncate(0)
    file.seek(0)


class _Pace:
    """What comes, over all connections: a server that drips for ever is no source."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.slow = 0
        self._begin_window()

    def came(self, count: int) -> None:
        self.bytes += count
        seconds = time.monotonic() - self.begin
        if seconds < WINDOW_SECONDS:
            return
        self.slow = self.slow + 1 if self.bytes / seconds < LEAST_BYTES / WINDOW_SECONDS else 0
        if self.slow >= SLOW_WINDOWS:
            raise RemoteError(
                f"{named(self.url)} sends less than {LEAST_BYTES / WINDOW_SECONDS / 1000:.0f} kB/s for a long time.",
                "use another mirror, or try again later; what was fetched is kept",
            )
        self._begin_window()

    def _begin_window(self) -> None:
        self.begin, self.bytes = time.monotonic(), 0


def _fetch(url: str, file: BinaryIO, size_bytes: int, pace: _Pace) -> None:
    """Append what the server sends until the file is whole or the connection breaks."""
    with open_part(url, file.tell(), None, WAIT_SECONDS, whole=True) as part:
        if part.size_bytes != size_bytes:
            raise RemoteError(
                f"{named(url)} has {part.size_bytes} bytes, not {size_bytes}.",
                "correct the model's size_bytes or source in the catalog",
            )
        for chunk in part.chunks():
            file.write(chunk[: size_bytes - file.tell()])
            if file.tell() == size_bytes:
                return
            pace.came(len(chunk))
    raise Interrupted(f"{named(url)} ended after {file.tell()} bytes of {size_bytes}.", "try again")
