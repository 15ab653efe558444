# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After a load: record it, smoke the model, and close the cells of a block that cannot run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..chat import EngineFailure
from ..shortlist import tokens_per_second
from ..smoke.applying import not_applied
from ..smoke.check import gate as gate_check
from ..smoke.checks import Smoked, smoke
from ..smoke.rescue import found_again
from ..smoke.talk import EngineLost, Settings, Subject
from ..store import Store
from ..worker.breach import below_floor
from .errors import LoadBroken
from .unrecorded import Unrecorded

ADMISSION = ("predicted_bytes", "available_bytes", "reserve_bytes", "reason")
MEASURED = ("load_seconds", "predicted_bytes", "resident_bytes", "available_bytes")


@dataclass(frozen=True)
class Access:
    """How the controller reaches a block's engine, and what it has done on the host.

    `breach()` asks the keeper what ended the host's hold. `reload(settings)` loads the model anew with the chat
    template of these settings, the block's own where they have none, and returns what requests call it.
    """

    base_url: str
    api_key: str | None
    breach: Callable[[], dict[str, Any] | None]
    reload: Callable[[Settings], str]
    tell: Callable[[str], None]
    bandwidth_bytes_per_second: int | None = None


def gate(
    store_url: str, generation_id: int, block: dict[str, Any], loaded: dict[str, Any], access: Access
) -> dict[str, Any]:
    """Whether the block's trials may run, and what was tried; `loaded` is what the module `model` returned.

    A load that fails says something about the model or its load config, and closes the cells with the reason; an engine
    or a host that fails raises, for the next model would fare no better.
    """
    with Store(store_url) if generation_id else Unrecorded() as store:
        cells = store.block_cells(generation_id, block["host_class"], block["load_digest"])

        def close(state: str, checks: list[dict[str, Any]], numbers: dict[str, Any] | None = None) -> dict[str, Any]:
            why = numbers or {"reason": checks[-1]["detail"], "checks": checks}
            store.close_cells(generation_id, block["host_class"], block["load_digest"], state, why)
            return _result(Smoked(checks, model=loaded.get("instance", {}).get("id", "")))

        def smoked(came: Smoked) -> dict[str, Any]:
            store.add_smoke(generation_id, **_where(block), ok=came.ok, checks=came.checks)
            if not came.ok:
                return close("smoke_failed", came.checks)
            for cell in cells:
                if reason := not_applied(cell, came.checks, came.settings):
                    store.set_cell_state(cell["id"], "factor_not_applied", {"reason": reason})
            return _result(came)

        if "admitted" not in loaded:
            numbers = below_floor(access.breach(), block["host"])
            if numbers:
                return close("infeasible", [_failed("loads", numbers["reason"])], numbers)
            check = _failed("loads", loaded["msg"])
            if loaded.get("error_type") == "OptionUnsupported":
                return close("factor_not_applied", [check])
            if loaded.get("error_type") in ("LoadFailed", "GgufError"):
                return smoked(Smoked([check]))
            raise LoadBroken(loaded["msg"])
        if not loaded["admitted"]:
            return close("infeasible", [_failed("admitted", loaded["reason"])], {key: loaded[key] for key in ADMISSION})
        planned = {"load": block["load"], "overhead_bytes": block["overhead_bytes"]}
        store.add_load(
            generation_id,
            **_where(block),
            **planned,
            **{key: loaded[key] for key in MEASURED},
            predicted_tokens_per_second=_predicted_speed(loaded, access),
        )
        subject = _subject(block, loaded, access, cells)
        before = store.last_smoke(generation_id, block["host"], block["load_digest"])
        known = _settings(before, subject.alternatives) if before else None
        try:
            came = smoke(subject, access.reload, access.tell, known)
        except EngineFailure as failure:
            numbers = below_floor(access.breach(), block["host"])
            if not numbers:
                if isinstance(failure, EngineLost):
                    return smoked(Smoked(failure.checks))
                raise
            return close("infeasible", [_failed("stays_loaded", numbers["reason"])], numbers)
        return smoked(came)


def _subject(
    block: Mapping[str, Any], loaded: Mapping[str, Any], access: Access, cells: Sequence[Mapping[str, Any]]
) -> Subject:
    """The first cell of a block has the baseline's chat config."""
    return Subject(
        label=f"{block['model']} on {block['host']}",
        base_url=access.base_url,
        api_key=access.api_key,
        engine=block["engine"],
        model=loaded["instance"]["id"],
        window_tokens=int(loaded["instance"].get("context_tokens") or block["load"]["context_tokens"]),
        chat=cells[0]["chat"] if cells else block.get("chat") or {},
        alternatives=block.get("alternatives") or (),
    )


def _predicted_speed(loaded: Mapping[str, Any], access: Access) -> float | None:
    """Of speculative decoding it knows nothing: that is measured against this."""
    if not access.bandwidth_bytes_per_second or not loaded["bytes_per_token"]:
        return None
    return round(tokens_per_second(access.bandwidth_bytes_per_second, loaded["bytes_per_token"]), 2)


def _settings(smoke: Mapping[str, Any], alternatives: Sequence[Settings]) -> Settings | None:
    """What an earlier smoke ended with; None where its template is not in the catalog any more."""
    rescued = [check for check in smoke["checks"] if check["name"] == "rescued"]
    if not rescued:
        return {}
    return found_again(rescued[0]["numbers"]["settings"], alternatives)


def _result(came: Smoked) -> dict[str, Any]:
    return {
        "ok": came.ok,
        "checks": came.checks,
        "settings": came.settings,
        "applied": came.applied,
        "instance_id": came.model,
    }


def _failed(name: str, detail: str) -> dict[str, Any]:
    return asdict(gate_check(name, False, detail))


def _where(block: Mapping[str, Any]) -> dict[str, Any]:
    return {key: block[key] for key in ("host", "model", "load_digest")}
