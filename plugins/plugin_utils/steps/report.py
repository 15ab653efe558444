# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the store to the files a person reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from ..findings import write_reports
from ..store import Store


def report(lab_home: str, store_url: str, sweep: str) -> dict[str, Any]:
    """Close the newest generation if nothing is left of it, and write its cards and decision."""
    with Store(store_url) as store:
        generation = store.generations(sweep)[-1]
        generation_id = cast(int, generation.id)
        store.complete(generation_id)
        left = store.progress(generation_id)["left"]
        summary = store.summary(generation_id)
    folder = Path(lab_home) / "reports" / sweep / str(generation.number)
    return {"left": left, "folder": str(folder), "lines": list(_lines(write_reports(summary, folder)))}


def _lines(written: dict[str, Any]) -> Iterator[str]:
    """What each card says, at most five lines, and where it is; then the decision."""
    for model, paths in written["cards"].items():
        yield from written["headlines"][model]
        yield f"finding card: {paths['md']} (and .html, .json)"
    yield f"decision: {written['decision']}"
