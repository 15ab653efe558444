# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sweep with its plan, its store and its rounds, and hosts whose trials end as a test says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.local_llm.lab.plugins.plugin_utils.steps import prepare, rounds
from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Store

CATALOG = {"models": {"tiny": {"file": "tiny.gguf", "sha256": "ab" * 32, "size_bytes": 9, "source": {"path": "/tiny"}}}}
SWEEP: dict[str, Any] = {
    "name": "nightly",
    "models": ["tiny"],
    "canaries": ["hello_file", "fix_sum"],
    "baseline": {"load": {"context_tokens": 2048}, "chat": {"temperature": 0.3}},
    "factors": {"temperature": [0.6, 0.9]},
}
SPEEDS = [30.0, 31.0, 29.5, 30.5, 30.0]

# Of a claimed trial: whether it passes.
Truth = Callable[[dict[str, Any]], bool]


class Sweep:
    """What the playbook does for some hosts of one class, without a playbook, an engine or a model."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.sweep_file = folder / "nightly.yml"
        self.sweep_file.write_text(yaml.safe_dump(SWEEP | changes))
        self.catalog_file = folder / "catalog.yml"
        self.catalog_file.write_text(yaml.safe_dump(CATALOG))
        self.home = folder / "lab"
        self.url = f"sqlite:///{folder}/store.sqlite"
        self.told: list[str] = []
        self.speeds: Callable[[dict[str, Any]], list[float]] = lambda trial: SPEEDS
        self.hosts = ["box"]
        self.plan: dict[str, Any] = {}

    def begin(self, *hosts: str) -> dict[str, Any]:
        """Plan, as any start of the sweep does; what was running before is dead by then."""
        self.hosts = list(hosts) or self.hosts
        rows = [
            {"name": name, "engine": "llama_cpp", "engine_build": "b1", "tier": "lite", "gpu": "none",
             "total_bytes": 16 * 2**30, "capabilities": {}, "settings": {}}
            for name in self.hosts
        ]  # fmt: skip
        request = prepare.Request(
            str(self.sweep_file), str(self.catalog_file), [], str(self.home), self.url, "continue", rows, None
        )
        self.plan = prepare.prepare(request, os.getpid())
        return self.plan

    def next_block(self, host: str = "box") -> dict[str, Any] | None:
        request = rounds.Request(
            str(self.sweep_file), str(self.catalog_file), [], str(self.home), self.url,
            self.plan["generation_id"], self.plan["session"], host,
        )  # fmt: skip
        found: dict[str, Any] | None = rounds.next_block(request, self.told.append)["block"]
        return found

    def run_block(self, block: dict[str, Any], truth: Truth, trials: int = 10**6) -> None:
        with Store(self.url) as store:
            place = (self.plan["generation_id"], block["host"], block["host_class"], block["number"])
            while trials and (claim := store.claim(*place, self.plan["session"])):
                store.record(claim, self.record(claim.trial, truth(claim.trial)))
                trials -= 1

    def run(self, truth: Truth) -> None:
        """To the end, the hosts in turns, each running its block whole before the next asks for one."""
        over: set[str] = set()
        while len(over) < len(self.hosts):
            for host in self.hosts:
                block = self.next_block(host)
                over = over | {host} if block is None else set()
                if block is not None:
                    self.run_block(block, truth)

    def record(self, trial: dict[str, Any], passes: bool) -> dict[str, Any]:
        speeds = self.speeds(trial)
        ending = ("passed", None, None) if passes else ("failed", "capability", "wrong_result")
        measured = {"turn_speeds": speeds, "generated_tokens_per_second": sorted(speeds)[2]}
        told = {"generations_sha256": trial["id"], "process_seconds": 6.0, "generated_tokens": 100}
        return dict(zip(("outcome", "ceiling", "detail"), ending, strict=True)) | measured | told

    def summary(self) -> dict[str, Any]:
        with Store(self.url) as store:
            return store.summary(self.plan["generation_id"])

    def states(self) -> dict[Any, str]:
        """By level (None: the baseline) how a cell ended."""
        return {str(cell["level"]): cell["state"] for cell in self.summary()["cells"]}

    def measured(self, **more: Any) -> list[dict[str, Any]]:
        return [
            trial
            for trial in self.summary()["trials"]
            if trial["purpose"] == "measure" and trial["record"] and all(trial[key] == more[key] for key in more)
        ]


@pytest.fixture
def sweep(tmp_path: Path) -> Callable[..., Sweep]:
    return lambda **changes: Sweep(tmp_path, **changes)
