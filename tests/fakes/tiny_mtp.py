# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny random model (GLM-4.5's kind) whose last layer predicts further tokens: for speculative decoding by itself."""

from __future__ import annotations

from pathlib import Path

from .tiny_gguf import CHAT_TEMPLATE, CONTEXT_TOKENS, SPECIAL, byte_letters

LAYERS, MTP_LAYERS, EMBEDDING, HEADS, KV_HEADS, HEAD_LENGTH = 2, 1, 128, 4, 2, 32
FORWARD_LENGTH, EXPERTS, EXPERTS_USED, EXPERT_LENGTH = 192, 4, 2, 64


def write_tiny_mtp(path: Path) -> Path:
    """Write the model; it has the same weights each time."""
    import gguf
    import numpy

    random = numpy.random.default_rng(7)
    writer = gguf.GGUFWriter(str(path), "glm4moe")
    merges = [f"{a} {b}" for a, b in ("th", "he", "in", "er", "an", "re", "on", "at")]
    tokens = [*byte_letters(), *(merge.replace(" ", "") for merge in merges), *SPECIAL]
    kinds = [gguf.TokenType.NORMAL] * (len(tokens) - len(SPECIAL)) + [gguf.TokenType.CONTROL] * len(SPECIAL)

    def weights(name: str, *shape: int) -> None:
        writer.add_tensor(name, random.standard_normal(shape).astype(numpy.float16) * numpy.float16(0.05))

    def ones(name: str, *shape: int) -> None:
        writer.add_tensor(name, numpy.ones(shape, dtype=numpy.float32))

    writer.add_name("tiny random model that predicts further tokens")
    writer.add_context_length(CONTEXT_TOKENS)
    writer.add_embedding_length(EMBEDDING)
    writer.add_block_count(LAYERS + MTP_LAYERS)
    writer.add_nextn_predict_layers(MTP_LAYERS)
    writer.add_feed_forward_length(FORWARD_LENGTH)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD_LENGTH)
    writer.add_value_length(HEAD_LENGTH)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_leading_dense_block_count(1)
    writer.add_expert_count(EXPERTS)
    writer.add_expert_used_count(EXPERTS_USED)
    writer.add_expert_shared_count(1)
    writer.add_expert_feed_forward_length(EXPERT_LENGTH)
    writer.add_expert_weights_scale(1.0)
    writer.add_expert_weights_norm(True)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index("<|im_start|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    weights("token_embd.weight", len(tokens), EMBEDDING)
    weights("output.weight", len(tokens), EMBEDDING)
    ones("output_norm.weight", EMBEDDING)
    for layer in range(LAYERS + MTP_LAYERS):
        block = f"blk.{layer}."
        ones(block + "attn_norm.weight", EMBEDDING)
        ones(block + "post_attention_norm.weight", EMBEDDING)
        weights(block + "attn_q.weight", HEADS * HEAD_LENGTH, EMBEDDING)
        weights(block + "attn_k.weight", KV_HEADS * HEAD_LENGTH, EMBEDDING)
        weights(block + "attn_v.weight", KV_HEADS * HEAD_LENGTH, EMBEDDING)
        weights(block + "attn_output.weight", EMBEDDING, HEADS * HEAD_LENGTH)
        if layer == 0:
            weights(block + "ffn_gate.weight", FORWARD_LENGTH, EMBEDDING)
            weights(block + "ffn_up.weight", FORWARD_LENGTH, EMBEDDING)
            weights(block + "ffn_down.weight", EMBEDDING, FORWARD_LENGTH)
        else:
            weights(block + "ffn_gate_inp.weight", EXPERTS, EMBEDDING)
            ones(block + "exp_probs_b.bias", EXPERTS)
            weights(block + "ffn_gate_exps.weight", EXPERTS, EXPERT_LENGTH, EMBEDDING)
            weights(block + "ffn_up_exps.weight", EXPERTS, EXPERT_LENGTH, EMBEDDING)
            weights(block + "ffn_down_exps.weight", EXPERTS, EMBEDDING, EXPERT_LENGTH)
            weights(block + "ffn_gate_shexp.weight", EXPERT_LENGTH, EMBEDDING)
            weights(block + "ffn_up_shexp.weight", EXPERT_LENGTH, EMBEDDING)
            weights(block + "ffn_down_shexp.weight", EMBEDDING, EXPERT_LENGTH)
        if layer >= LAYERS:
            weights(block + "nextn.eh_proj.weight", EMBEDDING, 2 * EMBEDDING)
            for norm in ("enorm", "hnorm", "shared_head_norm"):
                ones(block + f"nextn.{norm}.weight", EMBEDDING)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
