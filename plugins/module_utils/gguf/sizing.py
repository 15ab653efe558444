# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory a model will take: weights, the KV cache of the asked context, and overhead."""

from __future__ import annotations

from fractions import Fraction

from .header import GgufError
from .model import GgufModel

KV_BYTES_PER_ELEMENT = {"f16": Fraction(2), "q8_0": Fraction(34, 32), "q4_0": Fraction(18, 32)}
MOST_LAYERS = 4096
BATCH_TOKENS = 512  # a sliding-window layer keeps its window and one batch


def kv_bytes(model: GgufModel, context_tokens: int, parallel: int, kv_type: str) -> int:
    """The KV cache for `parallel` windows of `context_tokens`, layer by layer.

    Hybrid models give `head_count_kv` per layer (0 where a layer is recurrent): the first element says nothing about
    the rest. Where a layer's window or interval is not in the file, the full context is assumed: too much, never too
    little.
    """
    layers = model.integer("block_count")
    heads = model.per_layer("attention.head_count", layers or 0)
    embedding = model.integer("embedding_length")
    if not layers or not heads or not embedding or not 0 < layers <= MOST_LAYERS or min(heads) < 0 or max(heads) < 1:
        raise GgufError(
            f"The GGUF header of this {model.architecture} model lacks its layers, heads or embedding length",
            "use a GGUF file of a language model",
        )
    kv_heads = model.per_layer("attention.head_count_kv", layers) or heads
    head_length = embedding // max(heads)
    elements_per_head = (model.integer("attention.key_length") or head_length) + (
        model.integer("attention.value_length") or head_length
    )
    elements = sum(
        kv_heads[layer] * elements_per_head * tokens
        for layer, tokens in enumerate(_layer_tokens(model, layers, context_tokens, parallel))
    )
    return int(max(0, elements) * KV_BYTES_PER_ELEMENT[kv_type])


def predicted_bytes(model: GgufModel, context_tokens: int, parallel: int, kv_type: str, overhead_bytes: int) -> int:
    return model.weight_bytes + kv_bytes(model, context_tokens, parallel, kv_type) + overhead_bytes


def _layer_tokens(model: GgufModel, layers: int, context_tokens: int, parallel: int) -> list[int]:
    """How many tokens each layer remembers."""
    full = context_tokens * parallel
    interval = model.integer("full_attention_interval")
    if interval and interval > 1:
        return [full if (layer + 1) % interval == 0 else 0 for layer in range(layers)]
    window = model.integer("attention.sliding_window")
    pattern = model.key("attention.sliding_window_pattern")
    if window and isinstance(pattern, list) and len(pattern) >= layers:
        slid = min(full, window * parallel + BATCH_TOKENS)
        return [slid if slides else full for slides in pattern[:layers]]
    return [full] * layers
