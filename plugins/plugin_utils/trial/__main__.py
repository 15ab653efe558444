# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process: spec in, lifeline on, trial, record out."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile
import threading
from typing import Any

from ..sandbox import remove_tree
from .lifeline import Lifeline
from .runner import run
from .spec import Spec


def main() -> None:
    # Only the lines go to standard output: whatever else is printed belongs in the log.
    lines = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    spec = Spec.from_mapping(json.loads(sys.stdin.buffer.read()))

    # httpx brings its command line along where click is installed, which takes as long as the rest of it: not here.
    sys.modules["click"] = None  # type: ignore[assignment]
    # It takes as long to import as the sandbox takes to open, which is mostly waiting: side by side.
    threading.Thread(target=importlib.import_module, args=("httpx",), daemon=True).start()

    def remove() -> None:
        remove_tree(spec.scratch)

    # What helpers put into temporary folders is found, and removed, with the rest.
    tempfile.tempdir = str(spec.scratch)
    lifeline = Lifeline(spec.guardians, remove, spec.scratch)
    signal.signal(signal.SIGTERM, lambda *_unused: lifeline.end())

    def tell(event: dict[str, Any]) -> None:
        lifeline.hold_if_ending()
        try:
            lines.write(json.dumps(event) + "\n")
        except BrokenPipeError:
            lifeline.end()

    try:
        record = run(spec, tell)
    finally:
        remove()
    tell({"event": "record", "record": record})


if __name__ == "__main__":
    main()
