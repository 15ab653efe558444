# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Predicted bytes against the real llama.cpp, by the benchmark's own ruler, and the page that shows them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import gguf
from ansible_collections.local_llm.lab.tests.benchmarks import sizing
from ansible_collections.local_llm.lab.tests.benchmarks.sizing import Load, Row

PAGE = Path(__file__).parents[3] / "docs" / "sizing.md"
MOST_ERROR_PCT = 5
FEW = [
    Load("moe", 1024, 1, "f16"),
    Load("moe", 4096, 2, "q8_0"),
    Load("dense", 2048, 1, "f16"),
    Load("sliding", 4096, 3, "f16"),
    Load("hybrid", 2048, 2, "q8_0"),
    Load("recurrent", 1024, 2, "f16"),
    Load("smollm2", 4096, 1, "q8_0"),
]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    return list(sizing.measured(FEW, tmp_path_factory.mktemp("sizing")))


def test_the_kv_cache_is_what_the_engine_reports(rows: list[Row]) -> None:
    assert [row.load for row in rows if row.kv_error_pct] == []


def test_after_one_calibration_load_resident_is_known_within_five_percent(rows: list[Row]) -> None:
    overhead_bytes = sizing.calibrated(rows)
    wrong = [(row.load, error) for row in rows if (error := row.resident_error_pct(overhead_bytes)) > MOST_ERROR_PCT]
    assert wrong == []


def test_the_page_shows_every_load_with_the_cache_as_it_is_predicted_now(tmp_path: Path) -> None:
    shown = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\w+) \| ([\d.]+) \|", PAGE.read_text(), re.MULTILINE)
    assert [Load(model, int(context), int(slots), kv) for model, context, slots, kv, _kv_mib in shown] == sizing.ALL
    for load, (*_load, kv_mib) in zip(sizing.ALL, shown, strict=True):
        shape = gguf.shape_of(gguf.read_model(str(sizing.model_file(load.model, tmp_path))))
        predicted_bytes = gguf.kv_bytes(shape, load.context_tokens, load.parallel, load.kv_type)
        assert f"{predicted_bytes / sizing.MIB:.2f}" == kv_mib, load
