# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mini-swe-agent with its local environment: peer_mini.py URL TRAJECTORY. Runs in its own venv."""

from __future__ import annotations

import sys
from pathlib import Path

from minisweagent.agents.default import DefaultAgent
from minisweagent.environments.local import LocalEnvironment
from minisweagent.models.litellm_model import LitellmModel


def main(url: str, trajectory: str) -> None:
    access = {"api_base": url, "api_key": "none"}
    model = LitellmModel(model_name="openai/scripted", model_kwargs=access, cost_tracking="ignore_errors")
    agent = DefaultAgent(
        model,
        LocalEnvironment(),
        system_template="You are a coding agent.",
        instance_template="{{task}}",
        output_path=Path(trajectory),
    )
    ended = agent.run("Read the file.")
    if ended["exit_status"] != "Submitted":
        sys.exit(f"mini-swe-agent did not get to the end of the plan: {ended}")


main(*sys.argv[1:])
