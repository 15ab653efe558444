# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""check_lab.py LAB_FOLDER: what a finished sweep left behind is whole. Prints how many attempts there were."""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

lab = Path(sys.argv[1])
with closing(sqlite3.connect(f"file:{lab}/store.sqlite?mode=ro", uri=True)) as store:
    trials = dict(store.execute("SELECT id, state FROM trials"))
    records = [
        (trial, number, json.loads(record))
        for trial, number, record in store.execute("SELECT trial, number, record FROM attempts WHERE state = 'done'")
    ]
    attempts = store.execute("SELECT count(*) FROM attempts").fetchone()[0]

problems = [f"trial {trial} is {state}" for trial, state in trials.items() if state != "done"]
if not trials or sorted(trial for trial, _unused, _unused in records) != sorted(trials):
    problems.append(f"{len(trials)} trials were planned, {len(records)} attempts are recorded as done")
for trial, number, record in records:
    if record["usage_source"] != "engine" or not record["generated_tokens"] > 0:
        problems.append(f"trial {trial}: {record['generated_tokens']} tokens, counted by {record['usage_source']}")
    for name in ("record.json", "transcript.jsonl", "diff.patch", "tests.log"):
        if not list(lab.glob(f"trials/*/{trial}/{number}/{name}")):
            problems.append(f"trial {trial}: no {name}")
for pattern in ("card-*.md", "card-*.html", "card-*.json", "decision.yml"):
    if not list(lab.glob(f"reports/*/*/{pattern}")):
        problems.append(f"no {pattern} under {lab}/reports")
problems += [f"left over: {path}" for path in lab.rglob("*") if path.suffix == ".tmp"]
problems += [f"left over: {path}" for path in lab.glob("scratch/*/*/*")]
print("\n".join(problems) or attempts)
sys.exit(bool(problems))
