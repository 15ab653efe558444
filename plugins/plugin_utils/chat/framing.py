# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A streamed answer's bytes → its JSON objects: server-sent events or a JSON object per line. Pure.

Anything odd is a StreamError.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from .errors import StreamError

MAX_LINE_BYTES = 16 * 2**20


class StreamParser(ABC):
    """Feed it bytes as they come, cut anywhere. `done` is set by the stream's own end mark."""

    accept: str  # what to ask the engine for

    def __init__(self) -> None:
        self._pending = bytearray()
        self._scanned = 0
        self.done = False

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        self._pending += data
        start = 0
        while (end := self._pending.find(b"\n", max(start, self._scanned))) >= 0:
            line = bytes(self._pending[start:end])
            start = end + 1
            chunk = None if self.done else self._line(line)
            if chunk is not None:
                yield chunk
        del self._pending[:start]
        # A long line that comes in many pieces is searched once, not once per piece.
        self._scanned = len(self._pending)
        if self._scanned > MAX_LINE_BYTES:
            raise StreamError(f"The engine sent a line of more than {MAX_LINE_BYTES} bytes.")

    @abstractmethod
    def _line(self, line: bytes) -> dict[str, Any] | None: ...


class SseParser(StreamParser):
    accept = "text/event-stream"

    def _line(self, line: bytes) -> dict[str, Any] | None:
        # Comments (": ping"), other fields (event, id, retry) and the empty lines between events carry nothing of ours.
        if not line.startswith(b"data:"):
            return None
        payload = line[5:].strip()
        if payload == b"[DONE]":
            self.done = True
            return None
        return _object(payload)


class NdjsonParser(StreamParser):
    """Ollama's own stream: the object with `done: true` is its last."""

    accept = "application/x-ndjson"

    def _line(self, line: bytes) -> dict[str, Any] | None:
        if not line.strip():
            return None
        chunk = _object(line)
        self.done = chunk.get("done") is True
        return chunk


def _object(payload: bytes) -> dict[str, Any]:
    try:
        chunk = json.loads(str(payload, "utf-8", "surrogatepass"))  # bytes would have their encoding guessed
    except (ValueError, RecursionError) as error:
        raise StreamError(f"The engine sent something that is not JSON: {payload[:200]!r}") from error
    if not isinstance(chunk, dict):
        raise StreamError(f"The engine sent something that is not an object: {payload[:200]!r}")
    return chunk
