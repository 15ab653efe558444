# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Giving the page cache's memory back while a model is loaded.

On unified memory the GPU allocates from the same pool in which the kernel keeps the pages of the weights it just read.
Streaming a large file leaves little free memory and hardly a free block of 2 MiB while MemAvailable looks fine, and
the driver's allocation fails or stalls the host. The kernel lets root alone ask for it back.
"""

from __future__ import annotations

import threading
from pathlib import Path

PROC_SYS_VM = Path("/proc/sys/vm")
DEFAULT_MIN_FREE_BYTES = 8 * 1024**3


class Reclaimer:
    """`count` is how often memory was asked back, `error` why it last could not be."""

    def __init__(self, folder: Path = PROC_SYS_VM) -> None:
        self.folder = folder
        self.count = 0
        self.error: str | None = None
        self.running: threading.Thread | None = None

    def consider(self, free_bytes: int, min_free_bytes: int) -> None:
        """Ask for it where too little is free. Compacting takes seconds, and the watch must not wait for it."""
        if free_bytes < min_free_bytes and not (self.running and self.running.is_alive()):
            self.running = threading.Thread(target=self._reclaim, daemon=True)
            self.running.start()

    def _reclaim(self) -> None:
        try:
            (self.folder / "drop_caches").write_text("3")
            (self.folder / "compact_memory").write_text("1")
        except OSError as error:
            self.error = f"{error.filename}: {error.strerror}"
        else:
            self.count += 1
            self.error = None
