# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiny random models of the kinds that remember differently: real files for a real llama.cpp, nonsense to read.

`dense` (Qwen3), `sliding` (Cohere2: three windows, one full), `hybrid` (LFM2: short convolutions and attention, heads
per layer) and `recurrent` (Mamba).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .tiny_gguf import CHAT_TEMPLATE, CONTEXT_TOKENS, SPECIAL, byte_letters

LAYERS, EMBEDDING, HEADS, KV_HEADS, HEAD_LENGTH, FORWARD_LENGTH = 4, 128, 4, 2, 32, 192
WINDOW_TOKENS, CONVOLUTION, INNER, STATE, RANK = 128, 3, 256, 16, 8
ATTENTION = (0, KV_HEADS, 0, KV_HEADS)  # of the hybrid's layers
ARCHITECTURES = {"dense": "qwen3", "sliding": "cohere2", "hybrid": "lfm2", "recurrent": "mamba"}


def write_tiny_model(path: Path, kind: str) -> Path:
    """Write the model of this kind; the same kind has the same weights each time."""
    import gguf
    import numpy

    random = numpy.random.default_rng(7)
    writer = gguf.GGUFWriter(str(path), ARCHITECTURES[kind])
    merges = [f"{a} {b}" for a, b in ("th", "he", "in", "er", "an", "re", "on", "at")]
    tokens = [*byte_letters(), *(merge.replace(" ", "") for merge in merges), *SPECIAL]
    kinds = [gguf.TokenType.NORMAL] * (len(tokens) - len(SPECIAL)) + [gguf.TokenType.CONTROL] * len(SPECIAL)

    def weights(name: str, *shape: int) -> None:
        writer.add_tensor(name, random.standard_normal(shape).astype(numpy.float16) * numpy.float16(0.05))

    def ones(name: str, *shape: int) -> None:
        writer.add_tensor(name, numpy.ones(shape, dtype=numpy.float32))

    writer.add_name(f"tiny random {kind} model")
    writer.add_context_length(CONTEXT_TOKENS)
    writer.add_embedding_length(EMBEDDING)
    writer.add_block_count(LAYERS)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index("<|im_start|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    _keys(writer, kind)
    weights("token_embd.weight", len(tokens), EMBEDDING)
    if kind != "sliding":
        weights("output.weight", len(tokens), EMBEDDING)
    ones("token_embd_norm.weight" if kind == "hybrid" else "output_norm.weight", EMBEDDING)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        ones(block + "attn_norm.weight", EMBEDDING)
        if kind == "recurrent":
            _mamba(block, weights, ones)
        elif kind == "hybrid" and not ATTENTION[layer]:
            weights(block + "shortconv.in_proj.weight", 3 * EMBEDDING, EMBEDDING)
            weights(block + "shortconv.out_proj.weight", EMBEDDING, EMBEDDING)
            ones(block + "shortconv.conv.weight", EMBEDDING, CONVOLUTION)
        else:
            _attention(block, kind, weights, ones)
        if kind != "recurrent":
            weights(block + "ffn_gate.weight", FORWARD_LENGTH, EMBEDDING)
            weights(block + "ffn_up.weight", FORWARD_LENGTH, EMBEDDING)
            weights(block + "ffn_down.weight", EMBEDDING, FORWARD_LENGTH)
        if kind in ("dense", "hybrid"):
            ones(block + "ffn_norm.weight", EMBEDDING)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _keys(writer: Any, kind: str) -> None:
    if kind == "recurrent":
        writer.add_feed_forward_length(0)
        writer.add_head_count(0)
        writer.add_ssm_conv_kernel(CONVOLUTION)
        writer.add_ssm_inner_size(INNER)
        writer.add_ssm_state_size(STATE)
        writer.add_ssm_time_step_rank(RANK)
    else:
        writer.add_feed_forward_length(FORWARD_LENGTH)
        writer.add_head_count(HEADS)
        writer.add_head_count_kv(list(ATTENTION) if kind == "hybrid" else KV_HEADS)
        writer.add_key_length(HEAD_LENGTH)
        writer.add_value_length(HEAD_LENGTH)
        writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    if kind == "sliding":
        writer.add_layer_norm_eps(1e-6)
        writer.add_logit_scale(1.0)
        writer.add_sliding_window(WINDOW_TOKENS)
    if kind == "hybrid":
        writer.add_shortconv_l_cache(CONVOLUTION)


def _attention(block: str, kind: str, weights: Callable[..., None], ones: Callable[..., None]) -> None:
    weights(block + "attn_q.weight", HEADS * HEAD_LENGTH, EMBEDDING)
    weights(block + "attn_k.weight", KV_HEADS * HEAD_LENGTH, EMBEDDING)
    weights(block + "attn_v.weight", KV_HEADS * HEAD_LENGTH, EMBEDDING)
    weights(block + "attn_output.weight", EMBEDDING, HEADS * HEAD_LENGTH)
    if kind != "sliding":
        ones(block + "attn_q_norm.weight", HEAD_LENGTH)
        ones(block + "attn_k_norm.weight", HEAD_LENGTH)


def _mamba(block: str, weights: Callable[..., None], ones: Callable[..., None]) -> None:
    weights(block + "ssm_in.weight", 2 * INNER, EMBEDDING)
    ones(block + "ssm_conv1d.weight", INNER, CONVOLUTION)
    ones(block + "ssm_conv1d.bias", INNER)
    weights(block + "ssm_x.weight", RANK + 2 * STATE, INNER)
    ones(block + "ssm_dt.weight", INNER, RANK)
    ones(block + "ssm_dt.bias", INNER)
    ones(block + "ssm_a", INNER, STATE)
    ones(block + "ssm_d", INNER)
    weights(block + "ssm_out.weight", EMBEDDING, INNER)
