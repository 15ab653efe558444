# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Predicted bytes, against numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.gguf import (
    GgufError,
    GgufModel,
    kv_bytes,
    predicted_bytes,
)

GIB = 1024**3


def model(**keys: Any) -> GgufModel:
    defaults = {"block_count": 80, "embedding_length": 8192, "attention.head_count": 64, "attention.head_count_kv": 8}
    metadata = {f"llama.{name}": value for name, value in (defaults | keys).items()}
    return GgufModel("llama", metadata, total_parameters=0, active_parameters=0, weight_bytes=7)


@pytest.mark.parametrize(("kv_type", "gib"), [("f16", 10.0), ("q8_0", 5.3125), ("q4_0", 2.8125)])
def test_a_70b_at_32k(kv_type: str, gib: float) -> None:
    assert kv_bytes(model(), 32768, 1, kv_type) == gib * GIB


def test_slots_each_have_a_window_of_their_own() -> None:
    assert kv_bytes(model(), 8192, 4, "f16") == kv_bytes(model(), 32768, 1, "f16")


def test_a_hybrid_counts_each_layer() -> None:
    hybrid = model(**{"attention.head_count_kv": [0, 0, 0, 8] * 20})
    assert kv_bytes(hybrid, 32768, 1, "f16") == 2.5 * GIB


def test_a_full_attention_interval_leaves_the_other_layers_without_cache() -> None:
    assert kv_bytes(model(full_attention_interval=4), 32768, 1, "f16") == 2.5 * GIB


def test_sliding_layers_stop_at_their_window() -> None:
    sliding = model(**{"attention.sliding_window": 512, "attention.sliding_window_pattern": [True, False] * 40})
    per_layer_and_token = 8 * (128 + 128) * 2
    assert kv_bytes(sliding, 32768, 1, "f16") == 40 * per_layer_and_token * (32768 + 1024)
    assert kv_bytes(sliding, 256, 1, "f16") == kv_bytes(model(), 256, 1, "f16")


def test_an_unknown_pattern_is_taken_for_full_attention() -> None:
    assert kv_bytes(model(**{"attention.sliding_window": 512}), 4096, 1, "f16") == kv_bytes(model(), 4096, 1, "f16")


def test_explicit_key_and_value_lengths_win() -> None:
    wide = model(**{"attention.key_length": 256, "attention.value_length": 128})
    assert kv_bytes(wide, 1024, 1, "f16") == 80 * 8 * (256 + 128) * 1024 * 2


def test_without_kv_heads_every_head_has_its_own() -> None:
    plain = model(**{"attention.head_count_kv": None})
    assert kv_bytes(plain, 1024, 1, "f16") == 8 * kv_bytes(model(), 1024, 1, "f16")


def test_predicted_is_the_sum() -> None:
    assert predicted_bytes(model(), 32768, 1, "f16", 5) == 10 * GIB + 7 + 5


@pytest.mark.parametrize("broken", [{"block_count": 0}, {"attention.head_count": 0}, {"embedding_length": None}])
def test_a_header_without_layers_is_an_error(broken: dict[str, Any]) -> None:
    with pytest.raises(GgufError, match="lacks its layers"):
        kv_bytes(model(**broken), 1024, 1, "f16")
