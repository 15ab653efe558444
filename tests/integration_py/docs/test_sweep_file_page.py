# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/sweep-file.md: its tables are the schema's, its examples are planned, its command is run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import (
    HostClass,
    Plan,
    PlannedCanary,
    load_catalog,
    load_sweep,
    plan,
)
from ansible_collections.local_llm.lab.tests.tools.sweep_tables import PAGE, written

ROOT = Path(__file__).resolve().parents[3]
TEXT = PAGE.read_text(encoding="utf-8")
HERE = HostClass("llama_cpp", "GB10", 128 * 2**30)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def planned(sweep: Path, catalog: Path) -> Plan:
    definition = load_sweep(sweep)
    canaries = {name: PlannedCanary(name, 0, {"turns": 8}) for name in definition.canaries}
    return plan(definition, load_catalog(catalog), canaries, [HERE], {HERE.id: {}}, 1)


def test_the_tables_are_the_schema_s() -> None:
    assert written(TEXT) == TEXT, "run: python -m tests.tools.sweep_tables"


def test_the_schemas_it_names_are_there() -> None:
    named = re.findall(r"`(plugins/\S+\.json)`", TEXT)
    assert len(named) == 2
    for path in named:
        assert json.loads((ROOT / path).read_text())["$schema"].startswith("https://json-schema.org/")


def test_the_examples_make_the_cells_the_page_speaks_of(tmp_path: Path) -> None:
    sweep, catalog = blocks("yaml")
    (tmp_path / "sweep.yml").write_text(sweep)
    (tmp_path / "catalog.yml").write_text(catalog)
    cells = planned(tmp_path / "sweep.yml", tmp_path / "catalog.yml").cells
    assert [(cell.factor, cell.level) for cell in cells] == [
        (None, None),
        ("temperature", 0.0),
        ("temperature", 0.3),
        ("temperature", 1.0),
        ("profile", "thinking"),
        ("quant", "Q8_0"),
        ("speculative", "draft"),
        ("kv_type", "q8_0"),
    ]
    assert not any(cell.numbers for cell in cells)


def test_the_example_to_start_from_is_planned_by_the_page_s_own_command(tmp_path: Path) -> None:
    (command,) = [line for block in blocks("sh") for line in block.splitlines()]
    done = subprocess.run(
        f"{sys.executable} {command}", shell=True, cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "temperature = 0.0: " in done.stdout and "history = summarise: " in done.stdout
    assert "profile = thinking: left out, smollm2-135m-instruct has no profile thinking" in done.stdout
    assert "nothing was stored, nothing runs" in done.stdout


def test_every_sweep_that_init_copies_holds_together() -> None:
    sweeps = sorted((ROOT / "inventory" / "sweeps").glob("*.yml"))
    assert "builder.yml" in {path.name for path in sweeps}
    for sweep in sweeps:
        made = planned(sweep, ROOT / "inventory" / "catalog.yml")
        assert made.cells[0].state == "open", sweep
        for name in load_sweep(sweep).canaries:
            assert (ROOT / "canaries" / name / "canary.yml").is_file(), f"{sweep}: {name}"
