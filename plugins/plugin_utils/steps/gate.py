# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After a load: record it, smoke the model, and close the cells of a block that cannot run."""

from __future__ import annotations

from typing import Any

from ..smoke.checks import smoke
from ..store import Store


def gate(
    lab_home: str,
    store_url: str,
    generation_id: int,
    block: dict[str, Any],
    base_url: str,
    api_key: str | None,
    loaded: dict[str, Any],
) -> dict[str, Any]:
    """Whether the block's trials may run, and what was tried; `loaded` is what the module `model` returned."""
    with Store(store_url) as store:
        if not loaded["admitted"]:
            numbers = {key: loaded[key] for key in ("predicted_bytes", "available_bytes", "reserve_bytes", "reason")}
            store.close_cells(generation_id, block["host_class"], block["load_digest"], "infeasible", numbers)
            return {"ok": False, "checks": [{"name": "admitted", "ok": False, "detail": loaded["reason"]}]}
        store.add_load(generation_id, **_load_row(block, loaded))
        checks = smoke(base_url, api_key, block["model"], block["engine"])
        ok = all(check["ok"] for check in checks)
        store.add_smoke(generation_id, **_where(block), ok=ok, checks=checks)
        if not ok:
            store.close_cells(
                generation_id, block["host_class"], block["load_digest"], "smoke_failed", {"checks": checks}
            )
        return {"ok": ok, "checks": checks}


def _where(block: dict[str, Any]) -> dict[str, Any]:
    return {key: block[key] for key in ("host", "model", "load_digest")}


def _load_row(block: dict[str, Any], loaded: dict[str, Any]) -> dict[str, Any]:
    measured = ("load_seconds", "predicted_bytes", "resident_bytes", "available_bytes")
    return _where(block) | {"load": block["load"]} | {key: loaded[key] for key in measured}
