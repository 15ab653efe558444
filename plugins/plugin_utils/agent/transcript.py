# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trial's log: JSON lines, only ever appended, a turn's lines in one write that is on the disk before the next."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any


def utc_now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


class Transcript:
    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def append(self, *events: dict[str, Any]) -> None:
        at = utc_now()
        # ASCII: a model can write lone surrogates, which no file encoding takes.
        data = b"".join(json.dumps({"at": at, **event}).encode() + b"\n" for event in events)
        while data:
            data = data[os.write(self._handle, data) :]
        os.fsync(self._handle)

    def close(self) -> None:
        os.close(self._handle)
