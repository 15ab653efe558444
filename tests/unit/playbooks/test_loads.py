# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is deployed is loaded as it was measured: both task files ask the module `model` for the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

TASKS = Path(__file__).resolve().parents[3] / "playbooks" / "tasks"


def load_of(name: str) -> dict[str, Any]:
    tasks = yaml.safe_load((TASKS / name).read_text())
    return next(dict(task["local_llm.lab.model"]) for task in tasks if "local_llm.lab.model" in task)


def test_a_deployment_and_a_block_of_a_sweep_load_alike() -> None:
    block, deployed = load_of("block.yml"), load_of("load.yml")
    # What the engine takes beyond the model's bytes: a plan has it, elsewhere the store is asked.
    del block["overhead_bytes"], deployed["overhead_bytes"]
    assert deployed == block
