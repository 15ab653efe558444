# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the store to the files a person reads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from ..findings import write_reports
from ..store import Generation, Store
from . import generation as generations
from .changes import Changes


def report(lab_home: str, store_url: str, sweep: str, generation: int | None, check: bool) -> dict[str, Any]:
    """Close the generation, the newest unless one is named, if nothing is left of it; write its cards and decision."""
    with Store(store_url, read_only=check) as store, contextlib.ExitStack() as streams:
        found = generations.find(store, sweep, generation)
        generation_id = cast(int, found.id)
        if not check:
            store.complete(generation_id)
        left = store.progress(generation_id)["left"]
        summary = streams.enter_context(generations.streamed(store, found, interim=True))
        folder = Path(lab_home) / "reports" / sweep / str(found.number)
        changes = Changes(check)
        before = generations.newest_recorded(store, sweep, found.number)
        earlier = streams.enter_context(generations.streamed(store, before, interim=True)) if before else None
        lines = list(_lines(write_reports(summary, folder, changes.write, earlier, _elsewhere(store, found))))
    return {
        "changed": bool(changes.changed),
        "diff": changes.diff,
        "left": left,
        "folder": str(folder),
        "generation": found.number,
        "lines": lines,
    }


def _elsewhere(store: Store, here: Generation) -> Iterator[Mapping[str, Any]]:
    """What every other sweep of the store last recorded, one summary at a time."""
    for sweep in store.sweeps():
        newest = generations.newest_recorded(store, sweep) if sweep != here.sweep else None
        if newest:
            with generations.streamed(store, newest, interim=True) as summary:
                yield summary


def _lines(written: dict[str, Any]) -> Iterator[str]:
    """What each card says, at most five lines, and where it is; then the comparison and the decision."""
    for model, paths in written["cards"].items():
        yield from written["headlines"][model]
        yield f"finding card: {paths['md']} (and .html, .json)"
    yield f"comparison: {written['comparison']['md']} (and .html, .json)"
    yield f"decision: {written['decision']}"
