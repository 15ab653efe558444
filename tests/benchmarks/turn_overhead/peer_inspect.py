# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""inspect-ai's react agent with its bash tool in its local sandbox: peer_inspect.py URL LOGS. Runs in its own venv."""

from __future__ import annotations

import sys

from inspect_ai import Task, eval
from inspect_ai.agent import react
from inspect_ai.dataset import Sample
from inspect_ai.tool import bash


def main(url: str, logs: str) -> None:
    task = Task(dataset=[Sample(input="Read the file.")], solver=react(tools=[bash()]), sandbox="local")
    model = "openai-api/scripted/scripted"
    (log,) = eval(task, model=model, model_base_url=url, log_dir=logs, display="none", score=False)
    if log.status != "success" or not log.samples or log.samples[0].output.completion != "done":
        sys.exit(f"inspect-ai did not get to the end of the plan: {log.status} {log.error}")


main(*sys.argv[1:])
