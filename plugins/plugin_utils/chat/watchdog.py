# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends a read that waits too long: httpx takes one read time-out per request, a stream needs one that moves."""

from __future__ import annotations

import contextlib
import socket
import threading
import time


class Watchdog:
    """One thread per client. Shuts the socket down when the moment passes, so that the blocked read returns."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._socket: socket.socket | None = None
        self._moment = 0.0
        self._closed = False
        self.fired = False
        self._thread = threading.Thread(target=self._watch, name="stream-watchdog", daemon=True)
        self._thread.start()

    def guard(self, sock: socket.socket, moment: float) -> None:
        with self._condition:
            self._socket, self._moment, self.fired = sock, moment, False
            self._condition.notify()

    def move(self, moment: float) -> None:
        """Called for every chunk, so without waking the thread: it looks again when the old moment comes."""
        with self._condition:
            earlier = moment < self._moment
            self._moment = moment
            if earlier:
                self._condition.notify()

    def release(self) -> None:
        with self._condition:
            self._socket = None

    def close(self) -> None:
        with self._condition:
            self._socket, self._closed = None, True
            self._condition.notify()
        self._thread.join()

    def _watch(self) -> None:
        with self._condition:
            while not self._closed:
                if self._socket is None:
                    self._condition.wait()
                elif (left := self._moment - time.monotonic()) > 0:
                    self._condition.wait(left)
                else:
                    self.fired = True
                    with contextlib.suppress(OSError):
                        self._socket.shutdown(socket.SHUT_RDWR)
                    self._socket = None
