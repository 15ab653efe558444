# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After a load: record it, smoke the model, and close the cells of a block that cannot run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..chat import EngineFailure
from ..smoke.checks import smoke
from ..store import Store
from ..worker.breach import below_floor
from .errors import LoadBroken
from .unrecorded import Unrecorded

ADMISSION = ("predicted_bytes", "available_bytes", "reserve_bytes", "reason")
MEASURED = ("load_seconds", "predicted_bytes", "resident_bytes", "available_bytes")

Breach = Callable[[], "dict[str, Any] | None"]


@dataclass(frozen=True)
class Access:
    """How the controller reaches a block's engine, and how it asks the keeper what ended the host's hold."""

    base_url: str
    api_key: str | None
    breach: Breach


def gate(
    store_url: str, generation_id: int, block: dict[str, Any], loaded: dict[str, Any], access: Access
) -> dict[str, Any]:
    """Whether the block's trials may run, and what was tried; `loaded` is what the module `model` returned.

    A load that fails says something about the model or its load config, and closes the cells with the reason; an engine
    or a host that fails raises, for the next model would fare no better.
    """
    with Store(store_url) if generation_id else Unrecorded() as store:

        def close(state: str, checks: list[dict[str, Any]], numbers: dict[str, Any] | None = None) -> dict[str, Any]:
            why = numbers or {"reason": checks[-1]["detail"], "checks": checks}
            store.close_cells(generation_id, block["host_class"], block["load_digest"], state, why)
            return {"ok": False, "checks": checks}

        def smoked(checks: list[dict[str, Any]]) -> dict[str, Any]:
            ok = all(check["ok"] for check in checks)
            store.add_smoke(generation_id, **_where(block), ok=ok, checks=checks)
            return {"ok": ok, "checks": checks} if ok else close("smoke_failed", checks)

        if "admitted" not in loaded:
            numbers = below_floor(access.breach(), block["host"])
            if numbers:
                return close("infeasible", [_failed("loads", numbers["reason"])], numbers)
            check = _failed("loads", loaded["msg"])
            if loaded.get("error_type") == "OptionUnsupported":
                return close("factor_not_applied", [check])
            if loaded.get("error_type") in ("LoadFailed", "GgufError"):
                return smoked([check])
            raise LoadBroken(loaded["msg"])
        if not loaded["admitted"]:
            return close("infeasible", [_failed("admitted", loaded["reason"])], {key: loaded[key] for key in ADMISSION})
        known = {"load": block["load"], "overhead_bytes": block["overhead_bytes"]}
        store.add_load(generation_id, **_where(block), **known, **{key: loaded[key] for key in MEASURED})
        try:
            checks = smoke(access.base_url, access.api_key, loaded["instance"]["id"], block["engine"])
        except EngineFailure:
            numbers = below_floor(access.breach(), block["host"])
            if not numbers:
                raise
            return close("infeasible", [_failed("stays_loaded", numbers["reason"])], numbers)
        return smoked(checks)


def _failed(name: str, detail: str) -> dict[str, Any]:
    return {"name": name, "ok": False, "detail": detail}


def _where(block: dict[str, Any]) -> dict[str, Any]:
    return {key: block[key] for key in ("host", "model", "load_digest")}
