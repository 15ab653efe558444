# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine takes on a host, learnt from the loads that were measured there."""

from __future__ import annotations

from typing import Any

import pytest

MIB = 1024**2


@pytest.fixture
def measured(lab: Any) -> Any:
    """Record a load of a model of 100 MiB that was predicted with 256 MiB of overhead."""
    lab.stack = {"engine": "llama_cpp", "engine_build": "b1", "agent": "a1"}
    lab.reopen(new=True)
    lab.plan()

    def add(
        overhead_mib: int | None, host: str = "box", model_bytes: int = 100 * MIB, load_seconds: float | None = 0.7
    ) -> None:
        resident_bytes = None if overhead_mib is None else model_bytes + overhead_mib * MIB
        lab.store.add_load(
            lab.id, host=host, model="tiny", load_digest="d", load={"context_tokens": 4096},
            load_seconds=load_seconds, predicted_bytes=model_bytes + 256 * MIB, overhead_bytes=256 * MIB,
            resident_bytes=resident_bytes, available_bytes=None,
        )  # fmt: skip

    return add


def test_nothing_is_known_before_the_first_load(lab: Any, measured: Any) -> None:
    measured(10, host="other")
    measured(None)
    assert lab.store.overhead_bytes("box", "llama_cpp", "b1") is None


def test_one_load_calibrates_whatever_the_model(lab: Any, measured: Any) -> None:
    measured(40, model_bytes=7 * MIB)
    assert lab.store.overhead_bytes("box", "llama_cpp", "b1") == 40 * MIB
    assert lab.store.overhead_bytes("box", "ollama", "b1") is None


def test_of_several_the_median_of_the_newest_counts(lab: Any, measured: Any) -> None:
    for overhead_mib in (999, 999, *range(40, 49)):
        measured(overhead_mib)
    assert lab.store.overhead_bytes("box", "llama_cpp", "b1") == 44 * MIB


def test_a_blind_measurement_tells_nothing(lab: Any, measured: Any) -> None:
    measured(-50)
    assert lab.store.overhead_bytes("box", "llama_cpp", "b1") is None
    measured(40)
    assert lab.store.overhead_bytes("box", "llama_cpp", "b1") == 40 * MIB


def test_a_model_that_stayed_tells_nothing(lab: Any, measured: Any) -> None:
    measured(90, load_seconds=None)
    assert lab.store.overhead_bytes("box", "llama_cpp", "b1") is None
    measured(40)
    assert lab.store.overhead_bytes("box", "llama_cpp", "b1") == 40 * MIB
    assert len(lab.store.summary(lab.id)["loads"]) == 2, "a card shows it all the same"


def test_a_disturbed_load_does_not_shut_the_host(lab: Any, measured: Any) -> None:
    disturbed_mib = 90 * 1024
    measured(disturbed_mib)
    assert lab.store.overhead_bytes("box", "llama_cpp", "b1") == 256 * MIB
    measured(40)
    assert lab.store.overhead_bytes("box", "llama_cpp", "b1") == 256 * MIB
    measured(50)
    assert lab.store.overhead_bytes("box", "llama_cpp", "b1") == 50 * MIB


def test_an_engine_that_takes_more_than_the_default_is_believed_after_three_loads(lab: Any, measured: Any) -> None:
    for overhead_mib in (1000, 1100, 1050):
        measured(overhead_mib)
    assert lab.store.overhead_bytes("box", "llama_cpp", "b1") == 1050 * MIB
    lab.stack = lab.stack | {"engine_build": "b2"}
    lab.reopen(new=True)
    lab.plan()
    measured(90 * 1024)
    assert lab.store.overhead_bytes("box", "llama_cpp", "b2") == 1075 * MIB, "as the other builds, and no more"


def test_another_build_of_the_engine_is_better_than_nothing_and_gives_way_to_its_own(lab: Any, measured: Any) -> None:
    measured(40)
    assert lab.store.overhead_bytes("box", "llama_cpp", "b2") == 40 * MIB
    lab.stack = lab.stack | {"engine_build": "b2"}
    lab.reopen(new=True)
    lab.plan()
    measured(60)
    assert lab.store.overhead_bytes("box", "llama_cpp", "b2") == 60 * MIB
    assert lab.store.overhead_bytes("box", "llama_cpp", "b1") == 40 * MIB
