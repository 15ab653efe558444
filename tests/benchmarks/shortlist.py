# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shortlist of a large catalog and many hosts: from the catalog file to the table, as a playbook has it made."""

from __future__ import annotations

import hashlib
import random
import time
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.local_llm.lab.plugins.filter.shortlist import FilterModule
from ansible_collections.local_llm.lab.plugins.plugin_utils.steps.catalog import catalog_shapes

MODELS, HOSTS = 500, 20
GIB = 1024**3
RUNS = 3


def measure(scratch: Path) -> dict[str, float]:
    """Seconds to read and check the catalog, and to predict and write every row; the best of RUNS.

    Every model has its shape in the catalog: reading the headers of 500 files is the network's time.
    """
    shortlist = FilterModule().filters()["shortlist"]
    catalog = scratch / "catalog.yml"
    catalog.write_text(yaml.safe_dump({"models": _models()}, sort_keys=False))
    read_seconds, seconds, cpu_seconds = [], [], []
    for _unused in range(RUNS):
        began, cpu_began = time.monotonic(), time.process_time()
        models = catalog_shapes(str(catalog), str(scratch), "", read=[], write=False)["models"]
        read_seconds.append(time.monotonic() - began)
        rows = shortlist(models, _hosts(), context_tokens=32768, kv_type="q8_0")["rows"]
        seconds.append(time.monotonic() - began)
        cpu_seconds.append(time.process_time() - cpu_began)
    return {
        "catalog_500x20_s": round(min(seconds), 3),
        "catalog_500x20_cpu_s": round(min(cpu_seconds), 3),
        "catalog_500_read_s": round(min(read_seconds), 3),
        "rows": len(rows),
    }


def _models() -> dict[str, Any]:
    """Dense models, mixtures of experts, sliding windows and hybrids, from 1 B to 700 B; the same ones every time."""
    chance = random.Random(4)
    models = {}
    for number in range(MODELS):
        total = int(10 ** chance.uniform(9, 11.85))
        active = total if number % 2 else total // chance.randint(4, 20)
        layer = {"kv_heads": chance.choice([1, 2, 4, 8]), "key_length": 128, "value_length": 128}
        layers = chance.randint(24, 96)
        runs: list[dict[str, Any]] = [layer | {"count": layers}]
        if number % 3 == 0:
            other = layer | {"window_tokens": 1024} if number % 2 else {"state_bytes": 2 * 1024**2}
            runs = [run for _unused in range(layers // 6) for run in (other | {"count": 5}, layer | {"count": 1})]
        models[f"model-{number:03}"] = {
            "file": f"model-{number:03}.gguf",
            "sha256": hashlib.sha256(str(number).encode()).hexdigest(),
            "size_bytes": int(total * 0.56),
            "source": {"url": f"https://models.example.net/model-{number:03}.gguf"},
            "shape": {
                "architecture": "any",
                "total_parameters": total,
                "active_parameters": active,
                "weight_bytes": int(total * 0.56),
                "active_weight_bytes": int(active * 0.56),
                "train_context_tokens": chance.choice([8192, 32768, 131072, 262144]),
                "layers": runs,
            },
        }
    return models


def _hosts() -> list[dict[str, Any]]:
    """From 8 GiB to 500 GiB, so that on each some models fit and some do not."""
    return [
        {
            "name": f"host-{number:02}",
            "usable_bytes": int(8 * GIB * 1.24**number),
            "reserve_bytes": 2 * GIB,
            "overhead_bytes": GIB // 2,
            "memory_bandwidth_bytes_per_second": 50e9 * (number + 1),
            "disk_read_bytes_per_second": 3e9,
        }
        for number in range(HOSTS)
    ]
