# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model's code does to the sandbox is read in the trial's transcript."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.local_llm.lab.tests.fakes.scripted_engine import call

FORKING = "import os, time\nfor _ in range(300):\n try:\n  if os.fork() == 0: time.sleep(60)\n except OSError: break\n"
ATTACKS = {
    "a fork bomb": (FORKING, ["limit reached: processes", "processes left running and killed: 1"]),
    "ten gigabytes": (
        "for number in range(100):\n open(f'/tmp/{number}', 'wb').write(bytes(100 * 2**20))\n",
        ["limit reached: tmp full", "No space left on device"],
    ),
    "a daemon": (
        "import subprocess\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)\n",
        ["processes left running and killed: 1"],
    ),
    "a read of the shadow file": ("print(open('/etc/shadow').read())\n", ["No such file"]),
    "a connection": ("import socket\nsocket.create_connection(('127.0.0.1', 22), 3)\n", ["Connection refused"]),
    "no end": ("while True: pass\n", ["timed out"]),
}


@pytest.mark.parametrize(("program", "said"), ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_in_the_transcript_and_the_trial_goes_on(program: str, said: list[str], run_trial: Any) -> None:
    fix = call("edit_file", path="totals.py", old="range(len(numbers) - 1)", new="range(len(numbers))")
    attack = call("write_file", path="test_attack.py", content=program)
    clean = call("write_file", path="test_attack.py", content="")
    plan = [attack, call("run_tests"), clean, fix, call("run_tests"), call("push", message="m"), call("submit")]
    record, trial, _engine = run_trial(plan, "fix_sum", budgets={"command_seconds": 3})
    results = [event["result"] for event in trial.transcript() if event["event"] == "tool"]
    for words in said:
        assert words in results[1]
    assert record["outcome"] == "passed"
