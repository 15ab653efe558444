# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Predicted bytes, against numbers worked out by hand and against what llama.cpp reserves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.gguf import (
    KV_TYPES,
    GgufError,
    GgufModel,
    Layer,
    Shape,
    kv_bytes,
    predicted_bytes,
    shape_of,
)

GIB = 1024**3
LAYERS = st.builds(
    Layer,
    kv_heads=st.integers(0, 128),
    key_length=st.integers(0, 1024),
    value_length=st.integers(0, 1024),
    window_tokens=st.none() | st.integers(0, 10**6),
    state_bytes=st.integers(0, 10**9),
)
SHAPES = st.builds(
    Shape,
    architecture=st.just("any"),
    total_parameters=st.just(0),
    active_parameters=st.just(0),
    weight_bytes=st.just(0),
    active_weight_bytes=st.just(0),
    train_context_tokens=st.just(0),
    layers=st.lists(LAYERS, max_size=8).map(tuple),
)


def shape(architecture: str = "llama", **keys: Any) -> Shape:
    defaults = {"block_count": 80, "embedding_length": 8192, "attention.head_count": 64, "attention.head_count_kv": 8}
    metadata = {f"{architecture}.{name}": value for name, value in (defaults | keys).items() if value is not None}
    return shape_of(GgufModel(architecture, metadata, 0, 0, 7, 0))


@pytest.mark.parametrize(
    ("kv_type", "gib"),
    [("f32", 20.0), ("f16", 10.0), ("bf16", 10.0), ("q8_0", 5.3125), ("q5_1", 3.75), ("q4_0", 2.8125)],
)
def test_a_70b_at_32k(kv_type: str, gib: float) -> None:
    assert kv_bytes(shape(), 32768, 1, kv_type) == gib * GIB


def test_slots_each_have_a_window_of_their_own() -> None:
    assert kv_bytes(shape(), 8192, 4, "f16") == kv_bytes(shape(), 32768, 1, "f16")


def test_a_slot_is_rounded_up_to_whole_blocks_of_cells() -> None:
    assert kv_bytes(shape(), 1000, 2, "f16") == kv_bytes(shape(), 1024, 2, "f16")
    assert kv_bytes(shape(), 100, 2, "f16", unified=True) == kv_bytes(shape(), 256, 1, "f16")


def test_a_hybrid_counts_each_layer() -> None:
    hybrid = shape("jamba", **{"attention.head_count_kv": [0, 0, 0, 8] * 20})
    assert kv_bytes(hybrid, 32768, 1, "f16") == 2.5 * GIB


def test_sliding_layers_stop_at_their_window_and_a_batch() -> None:
    sliding = shape("gpt-oss", **{"attention.sliding_window": 512})
    per_layer_and_token = 8 * (128 + 128) * 2
    assert kv_bytes(sliding, 32768, 1, "f16") == 40 * per_layer_and_token * (32768 + 1024)
    assert kv_bytes(sliding, 32768, 2, "f16") == 2 * kv_bytes(sliding, 32768, 1, "f16")
    assert kv_bytes(sliding, 32768, 2, "f16", unified=True) == 40 * per_layer_and_token * (65536 + 1536)
    assert kv_bytes(sliding, 256, 1, "f16") == kv_bytes(shape(), 256, 1, "f16")


def test_a_state_is_kept_once_for_each_slot_whatever_the_context() -> None:
    recurrent = shape("mamba", **{
        "attention.head_count": 0, "ssm.conv_kernel": 4, "ssm.inner_size": 1536, "ssm.state_size": 16,
    })  # fmt: skip
    expected = 80 * 4 * (3 * 1536 + 16 * 1536)
    assert kv_bytes(recurrent, 1024, 1, "f16") == kv_bytes(recurrent, 65536, 1, "q8_0") == expected
    assert kv_bytes(recurrent, 1024, 3, "f16") == 3 * expected


def test_predicted_is_the_sum() -> None:
    assert predicted_bytes(shape(), 32768, 1, "f16", 5) == 10 * GIB + 7 + 5


def test_an_unknown_kv_type_is_an_error_that_names_the_known() -> None:
    with pytest.raises(GgufError, match="no KV type q3_k") as caught:
        kv_bytes(shape(), 1024, 1, "q3_k")
    assert "q8_0" in caught.value.remedy


@given(SHAPES, st.integers(1, 10**6), st.integers(1, 64), st.sampled_from(list(KV_TYPES)), st.booleans())
def test_more_context_or_slots_never_take_less(
    any_shape: Shape, context_tokens: int, parallel: int, kv_type: str, unified: bool
) -> None:
    here = kv_bytes(any_shape, context_tokens, parallel, kv_type, unified)
    assert here >= 0
    assert kv_bytes(any_shape, context_tokens + 1, parallel, kv_type, unified) >= here
    assert kv_bytes(any_shape, context_tokens, parallel + 1, kv_type, unified) >= here
    assert kv_bytes(any_shape, context_tokens, parallel, kv_type, unified=True) <= kv_bytes(
        any_shape, context_tokens, parallel, kv_type
    )


@given(SHAPES)
def test_a_shape_survives_being_plain_data(any_shape: Shape) -> None:
    assert Shape.from_dict(any_shape.as_dict()) == any_shape


@given(st.lists(st.integers(0, 64), min_size=2, max_size=12).filter(any), st.data())
def test_every_element_of_a_per_layer_list_counts(heads: list[int], data: st.DataObject) -> None:
    def bytes_of(kv_heads: list[int]) -> int:
        keys = {"block_count": len(heads), "attention.head_count_kv": kv_heads}
        return kv_bytes(shape("deci", **keys), 1024, 1, "f16")

    which = data.draw(st.integers(0, len(heads) - 1))
    more = [count + (number == which) for number, count in enumerate(heads)]
    assert bytes_of(more) - bytes_of(heads) == (128 + 128) * 2 * 1024
