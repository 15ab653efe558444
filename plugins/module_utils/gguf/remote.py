# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A GGUF model on a web server: only the headers of its files are read, through a window that grows as needed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from .header import Budget, GgufError, Header, HeaderCutOff, parse
from .http import RemoteError, named, open_part
from .model import FoundModel, model_of, other_shards

FIRST_WINDOW_BYTES, MOST_STEP_BYTES = 1 << 18, 1 << 22
WAIT_SECONDS = 20.0  # for each answer of the server


@dataclass(frozen=True)
class _File:
    header: Header
    size_bytes: int
    sha256: str | None
    read_bytes: int


def read_remote_model(url: str, timeout_seconds: float) -> FoundModel:
    """Read the headers of all a model's files within `timeout_seconds`."""
    deadline = time.monotonic() + timeout_seconds
    budget = Budget()
    first = _read(url, deadline, budget)
    parts = urlsplit(url)
    folder, slash, name = parts.path.rpartition("/")
    files = [first]
    for shard in other_shards(named(url), name, first.header):
        budget = budget.without(files[-1].header)
        files.append(_read(urlunsplit(parts._replace(path=folder + slash + shard)), deadline, budget))
    return FoundModel(
        model_of(named(url), [file.header for file in files]),
        len(files),
        sum(file.size_bytes for file in files),
        first.sha256,
        sum(file.read_bytes for file in files),
    )


def _read(url: str, deadline: float, budget: Budget) -> _File:
    content, wanted = bytearray(), FIRST_WINDOW_BYTES
    while True:
        size_bytes, sha256 = _extend(url, content, wanted, deadline)
        try:
            header = parse(content, budget)
        except HeaderCutOff as error:
            if len(content) >= min(size_bytes, budget.header_bytes):
                raise GgufError(f"{named(url)}: {error.message}", error.remedy) from None
            step = min(len(content), MOST_STEP_BYTES)
            wanted = min(max(len(content) + step, error.needed_bytes), size_bytes, budget.header_bytes)
        except GgufError as error:
            raise GgufError(f"{named(url)}: {error.message}", error.remedy) from None
        else:
            if header.end > size_bytes:
                raise GgufError(f"{named(url)}: truncated, {size_bytes} bytes of at least {header.end}")
            return _File(header, size_bytes, sha256, len(content))


def _extend(url: str, content: bytearray, wanted: int, deadline: float) -> tuple[int, str | None]:
    """Read on to `wanted` bytes, or to the end of a shorter file, and not one byte more than asked."""
    with open_part(url, len(content), wanted, WAIT_SECONDS, deadline) as part:
        wanted = min(wanted, part.size_bytes)
        for chunk in part.chunks():
            content += chunk[: wanted - len(content)]
            if len(content) >= wanted:
                return part.size_bytes, part.sha256
    raise RemoteError(f"{named(url)} ends after {len(content)} bytes of {wanted}.", "try again")
