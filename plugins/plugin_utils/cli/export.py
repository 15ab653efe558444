# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab export`: the store as tables in files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...module_utils.errors import LabError
from ..export import exported, write
from ..store import Store
from ..store.migrations import VERSION


@dataclass(frozen=True)
class ExportRequest:
    store_url: str
    sweep: str | None
    generation: int | None
    format: str
    folder: Path


def export(request: ExportRequest) -> int:
    """Write the tables and say which; a store of an earlier version is brought up first."""
    with Store(request.store_url, read_only=True) as store:
        earlier = store.version < VERSION
    if earlier:
        Store(request.store_url).close()
    with Store(request.store_url, read_only=True) as store:
        tables = exported(store, _chosen(store, request))
    for name, table in tables.items():
        if path := write(request.folder, name, table, request.format):
            print(f"{path}  {table.rows} rows")
    return 0


def _chosen(store: Store, request: ExportRequest) -> list[tuple[str, int, int]]:
    sweeps = store.sweeps()
    if request.sweep is not None and request.sweep not in sweeps:
        raise LabError(f"The store has no sweep {request.sweep}.", f"name one of: {', '.join(sweeps) or 'none yet'}.")
    chosen = [
        (generation.sweep, generation.number, generation.id)
        for sweep in ([request.sweep] if request.sweep is not None else sweeps)
        for generation in store.generations(sweep)
        if generation.id is not None and request.generation in (None, generation.number)
    ]
    if not chosen:
        what = "sweep" if request.generation is None else f"generation {request.generation}"
        raise LabError(f"The store has no {what} to export.", "run a sweep first, or name another store with --store.")
    return chosen
