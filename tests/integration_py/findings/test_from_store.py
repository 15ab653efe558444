# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real path of the data: the shipped demo sweep is planned, claimed and recorded in a real store, then reported."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import processes
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import build_card, write_reports
from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Store
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import (
    HostClass,
    PlannedCanary,
    load_catalog,
    load_sweep,
    plan,
)

INVENTORY = Path(__file__).resolve().parents[3] / "inventory"
BUDGETS = {"turns": 8, "generated_tokens": 900, "completion_tokens": 256, "wall_clock_seconds": 120}
ALL = 1_000_000


@pytest.fixture
def demo(tmp_path: Path, summary_of: Callable[..., dict[str, Any]]) -> tuple[Store, int, Callable[[int], None]]:
    """A planned demo generation, and a way to record so many of its measurements, with the warm-ups and anchors on the
    way: passed in grade 0, failed in grade 1."""
    store = Store(f"sqlite:///{tmp_path}/store.sqlite")
    sweep, catalog = load_sweep(INVENTORY / "sweeps" / "demo.yml"), load_catalog(INVENTORY / "catalog.yml")
    host_class = HostClass("llama_cpp", "none", 23 * 2**30)
    canaries = {name: PlannedCanary(f"{name}-digest", grade, BUDGETS) for grade, name in enumerate(sweep.canaries)}
    generation = store.open_generation(sweep.name)
    stacks = {host_class.id: {"engine_build": "b1"}}
    planned = plan(sweep, catalog, canaries, [host_class], stacks, generation.number)
    host = {"name": "embedded", "host_class": host_class.id, "tier": "lite", "engine": "llama_cpp"}
    store.plan(generation, planned, sweep.as_dict(), [host])
    generation_id = store.open_generation(sweep.name).id
    assert generation_id is not None
    session = store.begin_session(sweep.name, "here", os.getpid(), processes.started(os.getpid()))
    passed = summary_of(lambda *_unused: ("passed", None, None))["trials"][0]["record"]
    failed = summary_of(lambda *_unused: ("failed", "turns", None))["trials"][0]["record"]

    def record(count: int) -> None:
        left = count
        while left and (blocks := store.blocks(generation_id, host_class.id)):
            claim = store.claim(generation_id, "embedded", host_class.id, blocks[0].number, session.id)
            assert claim is not None
            store.record(claim, (failed if claim.trial["grade"] else passed) | {"trial": claim.trial["id"]})
            left -= claim.trial["purpose"] == "measure"
        if count == ALL:
            for cell in store.summary(generation_id)["cells"]:
                store.set_cell_state(cell["id"], "complete")
        store.complete(generation_id)

    return store, generation_id, record


def test_a_demo_sweep_ends_in_a_card_and_a_decision(demo: Any, tmp_path: Path) -> None:
    store, generation_id, record = demo
    record(ALL)
    summary = store.summary(generation_id)
    (model,) = summary["models"]
    card = build_card(summary, model, summary["sweep"]["good_enough"])
    assert card["interim"] is False
    assert card["recommendation"]["headline"] == "Not good enough for builder on lite hosts: do not deploy"
    baseline = next(row for row in card["cells"] if row["baseline"])
    assert baseline["label"] == "baseline"
    assert (baseline["pass_rate"]["count"], baseline["pass_rate"]["of"]) == (3, 6)
    # The demo's factor has a level 0: the same record three times over is one piece of evidence there.
    greedy = next(row for row in card["cells"] if row["level"] == 0)
    assert (greedy["pass_rate"]["of"], greedy["left_out"]["repeat"]) == (2, 4)
    result = write_reports(summary, tmp_path / "reports")
    assert result["decisions"][0]["chosen"] is None
    assert Path(result["cards"][model]["html"]).is_file()


def test_half_way_it_is_interim(demo: Any) -> None:
    store, generation_id, record = demo
    record(7)
    summary = store.summary(generation_id)
    (model,) = summary["models"]
    card = build_card(summary, model, summary["sweep"]["good_enough"])
    assert card["recommendation"]["headline"] == "Interim: 7 of 18 trials recorded, nothing is decided"
    assert [row["pass_rate"]["of"] + row["left_out"]["repeat"] for row in card["cells"]] == [
        row["recorded"] for row in card["cells"]
    ]
    assert sum(row["recorded"] for row in card["cells"]) == 7
