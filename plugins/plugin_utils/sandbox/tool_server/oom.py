# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the kernel ends first when memory runs out: the commands, then this process, before anything of the host."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_COMMANDS, _SERVER = 1000, 300


class Priority:
    def __init__(self) -> None:
        # Opened before this process is closed to others of its user, and with them to itself.
        self._file = os.open("/proc/self/oom_score_adj", os.O_RDWR)
        self._own = max(int(os.pread(self._file, 16, 0)), _SERVER)
        self._set(self._own)

    @contextmanager
    def of_commands(self) -> Iterator[None]:
        """What is started meanwhile inherits the commands' place; nobody may lower it below what a launcher set."""
        self._set(_COMMANDS)
        try:
            yield
        finally:
            self._set(self._own)

    def _set(self, value: int) -> None:
        os.pwrite(self._file, str(value).encode(), 0)
