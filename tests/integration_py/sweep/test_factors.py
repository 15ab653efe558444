# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Factors that need other files on the host: quants and models that draft, from the catalog to the record."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ansible_collections.local_llm.lab.tests.fakes.tiny_gguf import write_tiny_gguf

from .conftest import Folder


def entry(path: Path, file: str) -> dict[str, Any]:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"file": file, "sha256": sha256, "size_bytes": path.stat().st_size, "source": {"path": str(path)}}


def test_quants_and_drafts_are_brought_loaded_and_told_apart(folder: Folder, tmp_path: Path) -> None:
    other = write_tiny_gguf(tmp_path / "other.gguf", seed=8, calls=True)
    first = folder.catalog["tiny"]
    folder.catalog = {
        "tiny": {"quant": "A", "quants": {"A": first, "B": entry(other, "tiny-b.gguf")}, "draft": "small"},
        "small": entry(other, "small.gguf"),
    }
    folder.sweep["baseline"]["load"]["quant"] = "B"
    folder.sweep["factors"] = {"speculative": ["off", "draft"], "profile": ["thinking"]}
    folder.host["lab_models_dir"] = str(tmp_path / "models")
    folder.write()
    code, said = folder.run()
    assert code == 0, said
    assert "profile = thinking: left out, tiny has no profile thinking; it has none" in said
    brought = {path.name for path in (tmp_path / "models").glob("*.gguf")}
    assert brought == {"tiny-b.gguf", "small.gguf"}, "what no cell loads is not fetched"

    of = {
        json.loads(level or "null"): (cell, state)
        for cell, level, state in folder.rows("SELECT id, level, state FROM cells")
    }
    assert {level: state for level, (_cell, state) in of.items()} == {
        None: "complete",
        "draft": "complete",
        "thinking": "factor_not_applied",
    }
    digests = dict(folder.rows("SELECT cell, model_digest FROM trials WHERE purpose = 'measure'"))
    assert digests[of[None][0]] != digests[of["draft"][0]], "the model that drafts is part of what was tried"
    drafted = dict.fromkeys(digests, 0)
    cells = dict(folder.rows("SELECT id, cell FROM trials"))
    for record in folder.records():
        drafted[cells[record["trial"]]] += record["draft_tokens"]
    assert drafted[of["draft"][0]] > drafted[of[None][0]] == 0
