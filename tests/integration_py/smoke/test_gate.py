# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The step after a load: what smoke found closes cells in the store, and is kept for the next block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import EngineFailure
from ansible_collections.local_llm.lab.plugins.plugin_utils.steps.gate import Access, gate
from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Store
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import HostClass, Model, PlannedCanary, Sweep, plan
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.definition import Change
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.document import Document
from ansible_collections.local_llm.lab.tests.fakes.able_model import AbleModel

HERE = HostClass("llama_cpp", "none", 16 * 2**30)
MODEL = Model("tiny", "tiny.gguf", "ab" * 32, 100, {"path": "/tiny.gguf"}, 1000, 1000, None, None, "")
SWEEP = Sweep(
    name="nightly",
    description="",
    models=("tiny",),
    canaries=("hello_file",),
    load={"context_tokens": 2048},
    chat={"temperature": 0.3},
    changes=(
        Change("chat", "temperature", 0.9),
        Change("chat", "reasoning", "off"),
        Change("chat", "tool_style", "text"),
    ),
    replicates=3,
    most_replicates=3,
    wrong_adoption=0.05,
    seed=1,
    budgets={},
    limits={},
    good_enough={},
    document=Document(Path("nightly.yml"), {}, {}),
)
CANARY = PlannedCanary("c" * 16, 0, {"turns": 2, "generated_tokens": 100, "wall_clock_seconds": 60})
LOADED = {
    "admitted": True,
    "load_seconds": 1.0,
    "predicted_bytes": 1,
    "resident_bytes": 1,
    "available_bytes": 9,
    "instance": {"id": "tiny", "context_tokens": 2048},
}
TEMPLATE = {"chat_template": "{# the other one #}", "chat_template_name": "other.jinja"}
FLOOR = {
    "kind": "floor",
    "at": "2026-01-01T00:00:00Z",
    "available_bytes": 2**30,
    "floor_bytes": 2**31,
    "error": None,
}


class Lab:
    """A planned sweep, and the gate over it with an engine that is played."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/store.sqlite"
        self.loads: list[str | None] = []
        self.breach: dict[str, Any] | None = None
        with Store(self.url) as store:
            generation = store.open_generation(SWEEP.name)
            assert generation.id is not None
            self.id = generation.id
            planned = plan(SWEEP, {"tiny": MODEL}, {"hello_file": CANARY}, [HERE], {HERE.id: {}}, 1)
            row = {"name": "box", "host_class": HERE.id, "tier": "lite", "engine": "llama_cpp"}
            store.plan(generation, planned, SWEEP.as_dict(), [row])
        self.block: dict[str, Any] = {
            "host": "box",
            "host_class": HERE.id,
            "engine": "llama_cpp",
            "model": "tiny",
            "load": SWEEP.load,
            "load_digest": planned.cells[0].load_digest,
            "overhead_bytes": 0,
        }

    def gate(self, model: AbleModel) -> dict[str, Any]:
        def reload(settings: dict[str, Any]) -> str:
            self.loads.append(settings.get("chat_template_name"))
            model.template = settings.get("chat_template")
            return "tiny"

        access = Access(model.base_url, None, lambda: self.breach, reload, lambda line: None)
        return gate(self.url, self.id, self.block, LOADED, access)

    def cells(self) -> dict[str | None, tuple[str, str | None]]:
        with Store(self.url) as store:
            cells = store.block_cells(self.id, HERE.id, self.block["load_digest"])
        return {cell["factor"]: (cell["state"], (cell["numbers"] or {}).get("reason")) for cell in cells}

    def smokes(self) -> list[dict[str, Any]]:
        with Store(self.url) as store:
            smokes: list[dict[str, Any]] = store.summary(self.id)["smokes"]
        return smokes


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    yield Lab(tmp_path)


def test_cells_whose_factor_does_nothing_are_closed_before_a_trial_is_spent(lab: Lab) -> None:
    with AbleModel("ignores_temperature", "never_reasons") as model:
        came = lab.gate(model)
    assert came["ok"] and came["applied"] == {"seed": True, "temperature": False, "reasoning": False}
    cells = lab.cells()
    assert {factor: state for factor, (state, _why) in cells.items()} == {
        None: "open",
        "temperature": "factor_not_applied",
        "reasoning": "factor_not_applied",
        "tool_style": "open",
    }
    assert "the same texts at 0.0 and at 1.5" in str(cells["temperature"][1])
    (smoke,) = lab.smokes()
    assert smoke["ok"] and smoke["checks"] == came["checks"] and "settings" not in smoke


def test_what_fails_smoke_is_not_swept_and_the_reason_is_kept(lab: Lab) -> None:
    with AbleModel("takes_all_in") as model:
        came = lab.gate(model)
    assert not came["ok"] and came["settings"] == {}
    assert {state for state, _why in lab.cells().values()} == {"smoke_failed"}
    assert "truncates silently" in str(lab.cells()[None][1])
    assert [smoke["ok"] for smoke in lab.smokes()] == [False]


def test_a_rescued_block_is_run_with_what_works_and_the_next_one_of_its_load_config_too(lab: Lab) -> None:
    lab.block["alternatives"] = [TEMPLATE]
    with AbleModel("calls_with_template_only") as model:
        came = lab.gate(model)
        assert came["ok"] and came["settings"] == TEMPLATE and lab.loads == ["other.jinja"]
        for loads in (2, 3):
            model.template = None  # as the next block's load has it
            again = lab.gate(model)
            assert again["ok"] and again["settings"] == TEMPLATE and lab.loads == ["other.jinja"] * loads
            assert [check["name"] for check in again["checks"]] == ["answers", "rescued"]
    assert [smoke["settings"]["chat_template_name"] for smoke in lab.smokes()] == ["other.jinja"] * 3
    assert lab.cells()["tool_style"][0] == "open"


def test_where_calls_work_only_in_the_text_the_cell_that_would_try_them_there_is_none(lab: Lab) -> None:
    with AbleModel("calls_in_text_only") as model:
        came = lab.gate(model)
    assert came["ok"] and came["settings"] == {"tool_style": "text"}
    assert lab.cells()["tool_style"][0] == "factor_not_applied" and lab.cells()[None][0] == "open"


def test_a_template_that_the_catalog_lost_is_looked_for_again(lab: Lab) -> None:
    lab.block["alternatives"] = [TEMPLATE]
    with AbleModel("calls_with_template_only") as model:
        lab.gate(model)
        lab.block["alternatives"] = [{**TEMPLATE, "chat_template": "{# better #}"}]
        model.template = None
        again = lab.gate(model)
    assert again["settings"]["chat_template"] == "{# better #}" and len(again["checks"]) > 1


def test_an_engine_that_a_long_prompt_ends_closes_the_block_and_the_guard_comes_first(lab: Lab) -> None:
    with AbleModel("dies_over_window") as model:
        came = lab.gate(model)
    assert not came["ok"] and "did not survive it" in str(lab.cells()[None][1])
    assert {state for state, _why in lab.cells().values()} == {"smoke_failed"}


def test_a_model_that_the_guard_unloaded_under_a_long_prompt_is_infeasible(lab: Lab) -> None:
    lab.breach = FLOOR
    with AbleModel("dies_over_window") as model:
        assert not lab.gate(model)["ok"]
    assert {state for state, _why in lab.cells().values()} == {"infeasible"}


def test_an_outage_closes_nothing(lab: Lab) -> None:
    with AbleModel() as model:
        pass
    with pytest.raises(EngineFailure):
        lab.gate(model)
    assert {state for state, _why in lab.cells().values()} == {"open"} and lab.smokes() == []
