# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two pipes to the controller, out of reach of whatever is started here, and what wakes this process."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator


class Control:
    def __init__(self) -> None:
        self.requests, self._replies = os.dup(0), os.dup(1)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        self.woken, wake = os.pipe()
        for end in (self.woken, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_unused: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def send(self, reply: dict[str, object]) -> None:
        data = memoryview(json.dumps(reply).encode() + b"\n")
        while data:
            data = data[os.write(self._replies, data) :]

    def lines(self) -> Iterator[bytes]:
        buffer = bytearray()
        while True:
            chunk = os.read(self.requests, 1 << 16)
            if not chunk:
                return
            buffer += chunk
            if b"\n" in chunk:
                *whole, rest = bytes(buffer).split(b"\n")
                buffer = bytearray(rest)
                yield from whole
