# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person or the script sees of a running sweep: one small file per host, always whole."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

INTERVAL_SECONDS = 0.2


class Progress:
    """Writes `<lab_home>/progress/<host>.json`, at most every INTERVAL_SECONDS, by rename."""

    def __init__(self, lab_home: Path, host: str) -> None:
        self._path = lab_home / "progress" / f"{host}.json"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._state: dict[str, Any] = {"host": host}
        self._written = 0.0

    def update(self, now: bool = False, **changes: Any) -> None:
        self._state.update(changes)
        if now or time.monotonic() - self._written >= INTERVAL_SECONDS:
            temporary = self._path.with_suffix(".tmp")
            temporary.write_text(json.dumps(self._state))
            os.replace(temporary, self._path)
            self._written = time.monotonic()

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)
