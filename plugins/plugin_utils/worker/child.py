# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of a trial's process: start it, listen to it, outlive it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from ...module_utils.errors import LabError
from ..agent import utc_now
from ..agent.budgets import trial_seconds
from ..paths import COLLECTION_ROOT

COMMAND = (sys.executable, "-P", "-m", "plugins.plugin_utils.trial")
# The child needs to find git and the sandbox's programs; nothing else of the caller's environment is its business.
PASSED_ON = (
    *("PATH", "LANG", "TMPDIR", "HOME", "DOCKER_HOST", "DOCKER_API_VERSION"),
    *("DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"),
)
# Past the wall clock a trial may still wait for a silent engine, end a command and grade.
GRACE_SECONDS = 180.0


class TrialCrashed(LabError):
    """The trial's process ended without a record: a fault of the harness, never of the model."""

    def record(self, started_at: str) -> dict[str, Any]:
        """The void record the process could not write itself."""
        return {
            "outcome": "void",
            "ceiling": None,
            "detail": "harness_error",
            "error": str(self),
            "started_at": started_at,
            "ended_at": utc_now(),
        }


def run_child(spec: dict[str, Any], on_progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Run one trial in a process and session of its own and return its record.

    The spec goes in on standard input only, since it holds the API key. Progress events come out as JSON lines, the
    record is the last. A process still there GRACE_SECONDS after the trial's own time budget is killed.
    """
    folder = Path(spec["folder"])
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment["PYTHONPATH"] = str(COLLECTION_ROOT)
    with (folder / "child.log").open("wb") as log:
        process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
    told, said = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)
    overtime = threading.Timer(trial_seconds(spec["budgets"]) + GRACE_SECONDS, process.kill)
    overtime.start()
    record = None
    try:
        told.write(json.dumps(spec).encode())
        told.close()
        for line in said:
            event = json.loads(line)
            if event["event"] == "record":
                record = event["record"]
            else:
                on_progress(event)
        code = process.wait()
    except (BrokenPipeError, ValueError):  # killed before it read all, or in the middle of a line
        code = process.wait()
    finally:
        overtime.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
    if record is None:
        tail = (folder / "child.log").read_text(errors="replace")[-2000:].strip()
        raise TrialCrashed(
            f"The process of trial {spec['trial']} ended with code {code} and no record: {tail or 'it said nothing'}",
            f"read {folder / 'child.log'}",
        )
    return dict(record)
