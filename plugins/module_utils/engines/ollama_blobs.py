# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ollama's blobs: a file under the name of its SHA-256, linked where it can be, else sent."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from .base import EngineError, EngineRefused
from .loopback import exchange
from .weights import sha256_of

ANSWER_SECONDS = 30.0


def bring(base_url: str, file: Path, folders: Iterable[Path], timeout_seconds: float) -> str:
    """Have the server know the file's bytes; returns their digest. `folders`: where its blobs may be kept."""
    try:
        digest = f"sha256:{sha256_of(file)}"
        if not _has(base_url, digest) and not any(_linked(base_url, file, digest, folder) for folder in folders):
            length = {"Content-Length": str(file.stat().st_size)}
            with file.open("rb") as content:
                exchange("POST", f"{base_url}/api/blobs/{digest}", timeout_seconds, content, length)
    except OSError as error:
        raise EngineError(
            f"The GGUF file {file} cannot be read: {error.strerror}.",
            "download it with the role local_llm.lab.gguf_models or correct the path",
        ) from error
    return digest


def _linked(base_url: str, file: Path, digest: str, folder: Path) -> bool:
    """A hard link, kept only where the server then has the blob: the folder may be another server's."""
    blob = folder / digest.replace(":", "-")
    if not file.stat().st_mode & stat.S_IROTH:
        return False  # the server is another user
    try:
        os.link(os.path.realpath(file), blob)
    except OSError:
        return False
    if _has(base_url, digest):
        return True
    blob.unlink()
    return False


def _has(base_url: str, digest: str) -> bool:
    try:
        exchange("HEAD", f"{base_url}/api/blobs/{digest}", ANSWER_SECONDS)
    except EngineRefused as error:
        if error.status == 404:
            return False
        raise
    return True
