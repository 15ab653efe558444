# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a model, and their SHA-256: a minute's work for a large one, so remembered where the download does."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ..files import read_json, write_whole
from ..gguf.model import SHARD

CHUNK_BYTES = 1 << 22


def files_of(path: Path) -> list[Path]:
    """The file, or all parts of a split one that is named by its first."""
    found = SHARD.search(path.name)
    if not found:
        return [path]
    stem, count = path.name[: found.start()], int(found[2])
    return [path.with_name(f"{stem}-{number:05d}-of-{count:05d}.gguf") for number in range(1, count + 1)]


def sha256_of(path: Path) -> str:
    """Computed once for a file of this size and age."""
    stamp = path.with_name(f".{path.name}.checked.json")
    seen = read_json(stamp)
    if isinstance(seen, dict) and seen == _seen(path, seen.get("sha256")):
        return str(seen["sha256"])
    before = _seen(path, None)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    try:
        write_whole(stamp, json.dumps({**before, "sha256": digest.hexdigest()}).encode())
    except OSError:
        pass  # another user's folder: the file is then read each time
    return digest.hexdigest()


def _seen(path: Path, sha256: Any) -> dict[str, Any]:
    stat = path.stat()
    return {"size_bytes": stat.st_size, "modified_ns": stat.st_mtime_ns, "sha256": sha256}
