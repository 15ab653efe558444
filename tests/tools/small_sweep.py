# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole sweep of one model on one host without a playbook: planned, run round by round and reported in one process.

Nothing is loaded and nobody holds the host: an engine that answers on an address is all it asks for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.local_llm.lab.plugins.module_utils.processes import started
from ansible_collections.local_llm.lab.plugins.plugin_utils.steps import prepare, rounds
from ansible_collections.local_llm.lab.plugins.plugin_utils.steps.report import report
from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Claim, Store
from ansible_collections.local_llm.lab.plugins.plugin_utils.trial.runner import run
from ansible_collections.local_llm.lab.plugins.plugin_utils.trial.spec import Spec

HOST = {"name": "box", "engine": "llama_cpp", "engine_build": "b1", "tier": "lite", "gpu": "none",
        "total_bytes": 16 * 2**30, "capabilities": {}, "settings": {}}  # fmt: skip


@dataclass(frozen=True)
class SmallSweep:
    """`sweep` and `models` are what the sweep file and the catalog say; everything is written into `folder`."""

    folder: Path
    sweep: Mapping[str, Any]
    models: Mapping[str, Any]

    @property
    def reports(self) -> Path:
        return self.folder / "lab" / "reports" / self.sweep["name"] / "1"

    @property
    def store_url(self) -> str:
        return f"sqlite:///{self.folder}/store.sqlite"

    def run(self, base_url: str, model: str) -> dict[str, Any]:
        """Until every cell is decided; returns the summary that the reports are made of. `model` is the engine's name
        for it."""
        for name, content in (("sweep", self.sweep), ("catalog", {"models": self.models})):
            (self.folder / f"{name}.yml").write_text(yaml.safe_dump(dict(content)))
        files = {"sweep": str(self.folder / "sweep.yml"), "catalog": str(self.folder / "catalog.yml")}
        place: dict[str, Any] = {**files, "canary_folders": [], "lab_home": str(self.folder / "lab")}
        place["store_url"] = self.store_url
        request = prepare.Request(**place, generation="continue", hosts=[dict(HOST)], script=None)
        prepared = prepare.prepare(request, os.getpid())
        generation_id, session = prepared["generation_id"], prepared["session"]
        asked = rounds.Request(**place, generation_id=generation_id, session=session, host=str(HOST["name"]))
        with Store(self.store_url) as store:
            while block := rounds.next_block(asked, lambda line: None)["block"]:
                here = (generation_id, str(HOST["name"]), block["host_class"], block["number"])
                while claim := store.claim(*here, session):
                    store.record(claim, self._trial(claim, block, base_url, model))
                store.settle_blocks(generation_id, block["host_class"])
                store.leave_block(*here)
        report(place["lab_home"], self.store_url, self.sweep["name"], None, check=False)
        with Store(self.store_url) as store:
            return store.summary(generation_id)

    def _trial(self, claim: Claim, block: Mapping[str, Any], base_url: str, model: str) -> dict[str, Any]:
        trial = claim.trial
        artifacts = self.folder / "lab" / "trials" / str(claim.generation_id) / trial["id"] / str(claim.attempt)
        scratch = self.folder / "scratch" / f"{trial['id']}-{claim.attempt}"
        for one in (artifacts, scratch):
            one.mkdir(parents=True)
        spec = {
            "trial": trial["id"], "attempt": claim.attempt, "folder": str(artifacts), "scratch": str(scratch),
            "engine": HOST["engine"], "base_url": base_url, "model": model,
            "window_tokens": trial["load"]["context_tokens"], "canary": block["canary_folders"][trial["canary"]],
            "toolchain": block["toolchain"], "repositories": block["repositories"], "budgets": trial["budgets"],
            "chat": trial["chat"], "seed": trial["seed"],
            "guardians": [{"pid": os.getpid(), "started": started(os.getpid())}],
        }  # fmt: skip
        return dict(run(Spec.from_mapping(spec), lambda event: None))
