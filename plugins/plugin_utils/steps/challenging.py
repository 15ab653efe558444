# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A challenge: its sweep file before, its verdict after."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from ..deploy.challenge import as_text, sweep_file, verdict
from ..store import Store
from . import generation as generations
from .changes import Changes


def plan(lab_home: str, catalog: str, model: str, hosts: list[str], check: bool) -> dict[str, Any]:
    """Write the sweep file that pits the model against what is deployed on the hosts."""
    sweep = sweep_file(Path(lab_home), Path(catalog), model, hosts)
    path = Path(lab_home).resolve() / "challenges" / f"{sweep['name']}.yml"
    changes = Changes(check)
    changes.write(path, as_text(sweep).encode())
    return {
        "changed": bool(changes.changed),
        "diff": changes.diff,
        "sweep": sweep["name"],
        "path": str(path),
        "lines": [
            f"{sweep['description']} {len(sweep['canaries'])} canaries, N = {sweep['replicates']} each: {path}",
        ],
    }


def report(store_url: str, sweep: str, hosts: list[str]) -> dict[str, Any]:
    """Which of the two is shown better; of a generation with trials left, that it is not over."""
    with Store(store_url) as store:
        found = generations.find(store, sweep, None)
        left = store.progress(cast(int, found.id))["left"]
        if found.state != "complete":
            why = generations.whats_left(store, found)
            return {"left": left, "lines": [f"challenge: {why}; run the same command again to go on"]}
        summary = generations.read(store, found, interim=False)
    return {"left": left, "lines": verdict(summary, f"-l {','.join(hosts)}")}
