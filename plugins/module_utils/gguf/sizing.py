# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory a model will take: weights, the KV cache of the asked context, and overhead."""

from __future__ import annotations

from dataclasses import replace

from .header import BLOCKS, GgufError
from .layers import drafting_layers_of, layers_of
from .model import GgufModel
from .shape import Layer, Shape

# What llama.cpp takes for a KV type → the tensor type it is stored as.
KV_TYPES = {"f32": 0, "f16": 1, "bf16": 30, "q8_0": 8, "q5_1": 7, "q5_0": 6, "q4_1": 3, "q4_0": 2, "iq4_nl": 20}
CELL_STEP_TOKENS = 256  # llama.cpp rounds a slot's cells up to this
VOCABULARY_TOKEN_BYTES = 410  # a token's texts, ids and merges in llama.cpp's own tables, measured: docs/sizing.md
UNCALIBRATED_OVERHEAD_BYTES = 256 * 1024**2  # until a load was measured on the host
BATCH_TOKENS = 512  # a sliding layer keeps one batch beside its window


def shape_of(model: GgufModel) -> Shape:
    """What sizing needs of a model; GgufError where the header does not say it."""
    return Shape(
        architecture=model.architecture,
        total_parameters=model.total_parameters,
        active_parameters=model.active_parameters,
        weight_bytes=model.weight_bytes,
        active_weight_bytes=model.active_weight_bytes,
        train_context_tokens=max(0, model.integer("context_length") or 0),
        layers=layers_of(model),
        vocabulary=model.vocabulary,
    )


def drafting_shape_of(model: GgufModel) -> Shape:
    """The same, where its own last layers draft: what they remember comes on top."""
    return replace(shape_of(model), layers=drafting_layers_of(model))


def kv_bytes(shape: Shape, context_tokens: int, parallel: int, kv_type: str, unified: bool = False) -> int:
    """What llama.cpp reserves for `parallel` slots of `context_tokens` each: KV cache and recurrent states.

    `unified`: one buffer of all slots together, as an engine may serve them, instead of one for each.
    """
    if kv_type not in KV_TYPES:
        raise GgufError(f"There is no KV type {kv_type}", f"use one of {', '.join(KV_TYPES)}")
    streams, sharing = (1, parallel) if unified else (parallel, 1)
    full_tokens = _padded(context_tokens * sharing)
    batch_tokens = min(BATCH_TOKENS, context_tokens * parallel)
    total = 0
    for layer in shape.layers:
        tokens = full_tokens
        if layer.window_tokens is not None:
            tokens = _padded(min(full_tokens, layer.window_tokens * sharing + batch_tokens))
        total += streams * tokens * _token_bytes(layer, kv_type) + parallel * layer.state_bytes
    return total


def fixed_bytes(shape: Shape) -> int:
    """What a model takes under every load config: its weights, and llama.cpp's tables of its vocabulary."""
    return shape.weight_bytes + shape.vocabulary * VOCABULARY_TOKEN_BYTES


def predicted_bytes(shape: Shape, context_tokens: int, parallel: int, kv_type: str, overhead_bytes: int) -> int:
    """What is resident once it is loaded. `overhead_bytes` is the engine's own on that host, whatever the model."""
    return fixed_bytes(shape) + kv_bytes(shape, context_tokens, parallel, kv_type) + overhead_bytes


def bytes_per_token(shape: Shape, context_tokens: int, kv_type: str) -> int:
    """What is read for one generated token: active weights, and the KV cache of one slot at half its context."""
    return shape.active_weight_bytes + kv_bytes(shape, max(1, context_tokens // 2), 1, kv_type)


def _token_bytes(layer: Layer, kv_type: str) -> int:
    per_block, block_bytes = BLOCKS[KV_TYPES[kv_type]]
    rows = (layer.kv_heads * layer.key_length, layer.kv_heads * layer.value_length)
    return sum(-(-row // per_block) * block_bytes for row in rows)


def _padded(tokens: int) -> int:
    return -(-tokens // CELL_STEP_TOKENS) * CELL_STEP_TOKENS
