# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real model on a real engine walks the whole path to its end: write, push, submit, graded as passed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.processes import started
from ansible_collections.local_llm.lab.plugins.plugin_utils.canary import load
from ansible_collections.local_llm.lab.plugins.plugin_utils.worker.child import run_child

ROOT = Path(__file__).resolve().parents[3]
TRIALS = 20


@pytest.mark.timeout(600)
def test_the_demo_model_passes_grade_0_at_least_once_in_twenty_trials(
    llama_server: Callable[..., Any], smollm2_gguf: Path, tmp_path: Path
) -> None:
    template = (ROOT / "inventory" / "templates" / "smollm2-tools.jinja").read_text()
    engine = llama_server(smollm2_gguf, name="smollm2", context_tokens=4096, chat_template=template)
    outcomes = []
    for seed in range(1, TRIALS + 1):
        record = run_child(_spec(engine.base_url, tmp_path / str(seed), seed), lambda event: None)
        outcomes.append(record["outcome"])
        assert record["usage_source"] == "engine" and record["generated_tokens"] > 0
        if record["outcome"] == "passed":
            break
    assert "passed" in outcomes, outcomes


def _spec(base_url: str, folder: Path, seed: int) -> dict[str, Any]:
    for name in ("artifacts", "scratch"):
        (folder / name).mkdir(parents=True)
    canary = load(ROOT / "canaries" / "hello_file")
    return {
        "trial": f"seed-{seed}",
        "attempt": 1,
        "folder": str(folder / "artifacts"),
        "scratch": str(folder / "scratch"),
        "engine": "llama_cpp",
        "base_url": base_url,
        "api_key": None,
        "model": "smollm2",
        "window_tokens": 4096,
        "canary": str(canary.folder),
        "budgets": canary.budgets.as_dict(),
        "chat": {"temperature": 0.3},
        "seed": seed,
        "sandbox": None,
        "guardians": [{"pid": os.getpid(), "started": started(os.getpid())}],
    }
