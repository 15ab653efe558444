# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A load that failed and still has the memory stands in the way of the next one, until the memory is back."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import memory
from ansible_collections.local_llm.lab.plugins.module_utils.engines import Engine, MemoryKept, connect, returned, turn

GIB = 1024**3
FREE_BYTES = 100 * GIB
URL = "http://127.0.0.1:8137"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(turn, "FOLDER", tmp_path)
    monkeypatch.setattr(returned, "SETTLE_SECONDS", 0.1)
    return connect("llama_cpp", URL, {"python": "/nowhere/python", "state_dir": str(tmp_path)})


def available(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(memory, "available", lambda: count)
    monkeypatch.setattr(memory, "wait_until_settled", lambda seconds: count)


def test_half_a_model_that_nobody_lists_stops_the_next_load(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    available(monkeypatch, FREE_BYTES - 12 * GIB)
    with turn.turn(URL, 1) as held:
        returned.note_left_over(held, FREE_BYTES, predicted_bytes=24 * GIB)
    with turn.turn(URL, 1) as held, pytest.raises(MemoryKept, match="did not come back"):
        returned.refuse_while_missing(engine, held)
    available(monkeypatch, FREE_BYTES)
    with turn.turn(URL, 1) as held:
        returned.refuse_while_missing(engine, held)


@pytest.mark.parametrize("taken_bytes", [0, GIB, 5 * GIB])
def test_what_other_programs_take_meanwhile_is_not_held_against_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, taken_bytes: int
) -> None:
    available(monkeypatch, FREE_BYTES - taken_bytes)
    with turn.turn(URL, 1) as held:
        returned.note_left_over(held, FREE_BYTES, predicted_bytes=24 * GIB)
        returned.refuse_while_missing(engine, held)
