# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each layer keeps, for the architectures that differ from one full attention cache per layer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.gguf import GgufError, GgufModel, Layer, shape_of
from ansible_collections.local_llm.lab.plugins.module_utils.gguf.layers import PERIODS

FULL = Layer(2, 64, 64)


def layers(architecture: str, **keys: Any) -> tuple[Layer, ...]:
    defaults = {"block_count": 12, "embedding_length": 512, "attention.head_count": 8, "attention.head_count_kv": 2}
    metadata = {f"{architecture}.{name}": value for name, value in (defaults | keys).items() if value is not None}
    return shape_of(GgufModel(architecture, metadata, 0, 0, 0, 0)).layers


def windows(architecture: str, **keys: Any) -> list[int | None]:
    return [layer.window_tokens for layer in layers(architecture, **keys)]


def test_lengths_that_are_given_win_over_those_that_follow_from_the_embedding() -> None:
    assert layers("llama") == (FULL,) * 12
    keys = {"attention.key_length": 256, "attention.value_length": 128}
    assert layers("llama", **keys) == (Layer(2, 256, 128),) * 12


def test_without_kv_heads_every_head_has_its_own() -> None:
    assert layers("llama", **{"attention.head_count_kv": None}) == (Layer(8, 64, 64),) * 12


@pytest.mark.parametrize(
    ("architecture", "sliding", "of"),
    [("gemma2", [0], 2), ("gemma3", [0, 1, 2, 3, 4], 6), ("gpt-oss", [0], 2), ("cohere2", [0, 1, 2], 4),
     ("cohere2moe", [1, 2, 3], 4), ("smallthinker", [1, 2, 3], 4), ("laguna", [1, 2, 3], 4),
     ("exaone-moe", [0, 1, 2], 4)],
)  # fmt: skip
def test_a_pattern_that_is_not_in_the_file_is_known(architecture: str, sliding: list[int], of: int) -> None:
    found = windows(architecture, **{"attention.sliding_window": 4096})
    assert found == [4096 if number % of in sliding else None for number in range(12)]


def test_a_pattern_in_the_file_wins_as_a_list_or_as_a_period() -> None:
    keys: dict[str, Any] = {"attention.sliding_window": 128}
    listed = windows("gemma3", **keys, **{"attention.sliding_window_pattern": [True, False, False] * 4})
    assert listed == [128, None, None] * 4
    assert windows("gemma3", **keys, **{"attention.sliding_window_pattern": 3}) == [128, 128, None] * 4
    assert windows("gemma4", **keys, **{"attention.sliding_window_pattern": [1, 1, 0] * 4}) == [128, 128, None] * 4
    assert windows("gemma3", **keys, **{"attention.sliding_window_pattern": 0}) == [128] * 12


def test_a_window_that_the_engine_does_not_use_is_full_attention() -> None:
    assert windows("qwen2", **{"attention.sliding_window": 4096}) == [None] * 12
    assert windows("phi3", **{"attention.sliding_window": 4096}) == [None] * 12
    assert windows("gemma3", **{"attention.sliding_window": 0}) == [None] * 12
    assert windows("exaone4", **{"attention.sliding_window": 4096}) == [None] * 12


def test_windows_that_are_not_in_the_file() -> None:
    assert windows("gemma2") == [4096, None] * 6
    assert windows("llama4") == [8192, 8192, 8192, None] * 3
    assert windows("llama4", **{"attention.sliding_window": 0}) == [None] * 12
    assert windows("exaone4", block_count=64) == [4096, 4096, 4096, None] * 16


def test_sliding_layers_may_have_heads_of_their_own() -> None:
    found = layers("gemma4", **{
        "attention.sliding_window": 1024, "attention.sliding_window_pattern": [True, True, False] * 4,
        "attention.head_count_kv": [4, 4, 1] * 4, "attention.key_length": 512, "attention.value_length": 512,
        "attention.key_length_swa": 256, "attention.value_length_swa": 256, "attention.shared_kv_layers": 6,
    })  # fmt: skip
    slides, full = Layer(4, 256, 256, 1024), Layer(1, 512, 512)
    assert found == (slides, slides, full) * 2 + (Layer(),) * 6


def test_gemma3n_shares_its_cache_from_layer_20_on() -> None:
    found = layers("gemma3n", block_count=30, **{"attention.sliding_window": 512})
    assert found[19] == FULL and found[18] == Layer(2, 64, 64, 512)
    assert found[20:] == (Layer(),) * 10


def test_latent_attention_keeps_a_compressed_key_and_no_value() -> None:
    keys: dict[str, Any] = {"attention.head_count_kv": 1, "attention.key_length": 576, "attention.value_length": 512}
    latent = {"attention.key_length_mla": 192, "attention.value_length_mla": 128}
    assert layers("deepseek2", **keys, **latent) == (Layer(1, 576, 0),) * 12
    assert layers("deepseek2", **keys) == (Layer(1, 576, 512),) * 12
    assert layers("deepseek32", **keys, **latent, **{"attention.indexer.key_length": 128})[0] == Layer(1, 704, 0)


def test_layers_that_predict_further_tokens_keep_nothing() -> None:
    assert layers("glm4moe", nextn_predict_layers=1) == (FULL,) * 11


def test_delta_attention_with_every_fourth_layer_full() -> None:
    ssm = {"ssm.conv_kernel": 4, "ssm.inner_size": 256, "ssm.state_size": 32, "ssm.group_count": 2}
    state = Layer(state_bytes=4 * (3 * (256 + 2 * 2 * 32) + 32 * 256))
    assert layers("qwen3next", **ssm) == (state, state, state, FULL) * 3
    assert layers("qwen35", **ssm, full_attention_interval=2) == (state, FULL) * 6
    assert layers("qwen35", **ssm, **{"attention.recurrent_layers": [True] + [False] * 11}) == (state,) + (FULL,) * 11


def test_a_hybrid_has_a_state_where_it_has_no_kv_heads() -> None:
    ssm = {"ssm.conv_kernel": 4, "ssm.inner_size": 1024, "ssm.state_size": 16, "ssm.group_count": 1}
    state = Layer(state_bytes=4 * (3 * (1024 + 2 * 16) + 16 * 1024))
    assert layers("granitehybrid", **ssm, **{"attention.head_count_kv": [0, 2] * 6}) == (state, FULL) * 6
    found = layers(
        "nemotron_h", **ssm, **{"attention.head_count_kv": [0, 2, 0] * 4, "feed_forward_length": [0, 0, 9] * 4}
    )
    assert found == (state, FULL, Layer()) * 4
    both = layers("falcon-h1", **ssm)[0]
    assert (both.kv_heads, both.state_bytes) == (2, state.state_bytes)


@pytest.mark.parametrize(
    ("architecture", "keys", "elements"),
    [
        ("rwkv7", {"wkv.head_size": 64, "attention.head_count": 0}, 512 * (2 + 64)),
        ("arwkv7", {"wkv.head_size": 64, "token_shift_count": 1, "attention.head_count": None}, 512 * (1 + 64)),
        ("lfm2", {"shortconv.l_cache": 3, "attention.head_count_kv": [0] * 12}, 512 * 2),
        ("kimi-linear", {"kda.head_dim": 32, "ssm.conv_kernel": 4, "attention.head_count_kv": [0] * 12},
         3 * 3 * 8 * 32 + 32 * 32 * 8),
        ("minimax-01", {}, 64 * 64 * 8),
    ],
)  # fmt: skip
def test_other_states(architecture: str, keys: dict[str, Any], elements: int) -> None:
    assert layers(architecture, **keys)[0] == Layer(state_bytes=4 * elements)


@pytest.mark.parametrize(
    "broken",
    [{"block_count": 0}, {"block_count": 5000}, {"attention.head_count": 0}, {"embedding_length": None},
     {"attention.head_count_kv": [-1] * 12}, {"attention.key_length": 1 << 31}, {"attention.key_length": -1}],
)  # fmt: skip
def test_a_header_that_cannot_be_true_is_an_error(broken: dict[str, Any]) -> None:
    with pytest.raises(GgufError):
        layers("llama", **broken)


VALUES = st.none() | st.booleans() | st.integers(-(2**33), 2**65) | st.integers(0, 12) | st.text(max_size=3)
KEYS = (
    "block_count", "embedding_length", "attention.head_count", "attention.head_count_kv", "attention.key_length",
    "attention.value_length", "attention.sliding_window", "attention.sliding_window_pattern", "nextn_predict_layers",
    "attention.shared_kv_layers", "full_attention_interval", "ssm.conv_kernel", "wkv.head_size", "shortconv.l_cache",
    "attention.recurrent_layers", "context_length", "expert_count", "expert_used_count", "feed_forward_length",
)  # fmt: skip


@given(
    st.sampled_from([*PERIODS, "llama", "mamba", "jamba", "nemotron_h", "qwen3next", "falcon-h1"]),
    st.dictionaries(st.sampled_from(KEYS), VALUES | st.lists(VALUES, max_size=14), max_size=12),
)
def test_hostile_metadata_is_a_shape_without_negative_numbers_or_an_error(
    architecture: str, keys: dict[str, Any]
) -> None:
    try:
        found = layers(architecture, **keys)
    except GgufError:
        return
    for layer in found:
        assert (
            min(layer.kv_heads, layer.key_length, layer.value_length, layer.state_bytes, layer.window_tokens or 0) >= 0
        )
