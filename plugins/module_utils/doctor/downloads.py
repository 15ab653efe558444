# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A download while the host is held: it takes the disk and the page cache from the trial that is measured."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..keeper import KeeperError, status
from .commands import RESTART, service_key, service_values
from .finding import Check, Finding
from .host import Host
from .look import Look
from .subject import Subject

# LM Studio, Ollama, Hugging Face, aria2, and this collection's own: a neighbour that grows, a temporary folder.
PATTERNS = ("*.part", "*-partial*", "*.incomplete", "*.aria2", ".*.fetched", "*.part/*")
IN_FLIGHT_SECONDS = 60.0
DEPTH = 5
ENGINES = ("ollama", "llmster", "lms", "node", "LM Studio")

DOWNLOAD = Check(
    "download",
    "unfinished files in the models folders that were written to within a minute, while somebody holds the host",
    {"client": "kill {pids}", **RESTART},
)


@dataclass(frozen=True)
class Partial:
    """`writers`: the processes that have it open, as far as they can be seen; an engine's own are not among them."""

    path: str
    age_seconds: float
    writers: tuple[int, ...] = ()


@dataclass(frozen=True)
class DownloadsSeen:
    partials: tuple[Partial, ...]
    held_by: str | None


def gather(look: Look, host: Host) -> DownloadsSeen:
    now = time.time()
    writers = dict(_writers(look))
    partials = []
    for path in _unfinished(look, host):
        try:
            age = now - path.stat().st_mtime
        except OSError:
            continue  # it was finished meanwhile
        partials.append(Partial(str(path), age, tuple(writers.get(str(path), ()))))
    held_by = None
    if host.keeper_dir:
        try:
            held_by = status(host.keeper_dir)["owner"]
        except KeeperError:
            held_by = "somebody"
    return DownloadsSeen(tuple(sorted(partials, key=lambda one: one.path)), held_by)


def _unfinished(look: Look, host: Host) -> Iterator[Path]:
    folders = [
        Path(host.lms_home) / "models",
        look.home / ".cache/huggingface/hub",
        look.home / ".ollama/models/blobs",
        look.path("/usr/share/ollama/.ollama/models/blobs"),
        *([Path(host.models_dir)] if host.models_dir else []),
    ]
    found: set[Path] = set()
    for folder in folders:
        for depth in range(DEPTH):
            for pattern in PATTERNS:
                try:
                    found.update(one for one in folder.glob("*/" * depth + pattern) if one.is_file())
                except OSError:
                    continue  # another user's folder
    yield from found


def _writers(look: Look) -> Iterator[tuple[str, list[int]]]:
    if look.darwin:
        return
    open_in: dict[str, list[int]] = {}
    for pid, name, _words in look.processes():
        if name in ENGINES:
            continue
        for link in look.path(f"/proc/{pid}/fd").glob("*"):
            try:
                open_in.setdefault(str(link.readlink()), []).append(pid)
            except OSError:
                continue
    yield from open_in.items()


def download(seen: DownloadsSeen, host: Host) -> Finding:
    active = [one for one in seen.partials if one.age_seconds <= IN_FLIGHT_SECONDS]
    if not active:
        old = f"; {len(seen.partials)} unfinished, untouched" if seen.partials else ""
        return DOWNLOAD.ok(f"none in flight{old}")
    evidence = f"in flight: {', '.join(one.path for one in active)}"
    if seen.held_by is None:
        return DOWNLOAD.ok(f"{evidence}; nobody holds the host")
    pids = sorted({pid for one in active for pid in one.writers})
    if pids:
        remedy = DOWNLOAD.remedies["client"].format(pids=" ".join(map(str, pids)))
    else:
        remedy = DOWNLOAD.command(service_key(host), **service_values(host))
    return DOWNLOAD.fail(f"{evidence}, while {seen.held_by} holds the host", remedy)


SUBJECT = Subject(gather, ((DOWNLOAD, download),))
