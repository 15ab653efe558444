# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo sweep from an empty folder: how much of its time is not the model's."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def measure(scratch: Path) -> dict[str, float]:
    """Trials, wall seconds of `lab sweep` (engine and model installed by it), engine seconds, overhead per trial.

    Overhead is what lies between the first trial's start and the last trial's end and is not the engine's: layout,
    sandbox, tools, push, grading, the trial's process, the keeper's renewal and the store.
    """
    folder = scratch / "lab-folder"
    lab = [sys.executable, str(ROOT / "scripts" / "lab")]
    subprocess.run([*lab, "init", str(folder)], check=True, stdout=subprocess.DEVNULL)
    started = time.monotonic()
    subprocess.run([*lab, "sweep", "-l", "embedded"], cwd=folder, check=True)
    wall_seconds = time.monotonic() - started
    records = [json.loads(path.read_text()) for path in (folder / "lab" / "trials").glob("*/*/*/record.json")]
    engine_seconds = sum(record["model_seconds"] for record in records)
    begin = min(datetime.datetime.fromisoformat(record["started_at"]) for record in records)
    end = max(datetime.datetime.fromisoformat(record["ended_at"]) for record in records)
    return {
        "trials": len(records),
        "wall_s": round(wall_seconds, 3),
        "engine_s": round(engine_seconds, 3),
        "overhead_per_trial_s": round(((end - begin).total_seconds() - engine_seconds) / len(records), 3),
    }
