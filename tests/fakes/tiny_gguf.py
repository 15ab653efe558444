# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny mixture-of-experts GGUF: a real file for a real llama.cpp, which talks nonsense, or always calls one tool.

It stands in for a model wherever only the machinery matters: it loads in a fraction of a second.
"""

from __future__ import annotations

import itertools
from pathlib import Path

LAYERS, EMBEDDING, HEADS, KV_HEADS, HEAD_LENGTH = 4, 128, 4, 2, 32
EXPERTS, EXPERTS_USED, EXPERT_LENGTH = 8, 2, 96
CONTEXT_TOKENS = 4096
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# What a calling model says, token by token, whenever it is its turn: its head maps each token to the next.
CALL = (
    "<tool_call>",
    '\n{"name": "write_file", "arguments": {"path": "greeting.txt", "content": "Hi"}}\n',
    "</tool_call>",
)
CALL_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] or '' }}"
    '{% for call in message.tool_calls or [] %}<tool_call>\n{"name": "{{ call.function.name }}", "arguments": '
    "{{ call.function.arguments if call.function.arguments is string else call.function.arguments | tojson }}}"
    "\n</tool_call>{% endfor %}<|im_end|>\n{% endfor %}"
    '{% if tools %}Answer with <tool_call>\n{"name": "tool", "arguments": {}}\n</tool_call>\n{% endif %}'
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# As the templates of Qwen3: thinking is shut off by a block that is closed before it began.
THINKING = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message.reasoning_content %}<think>{{ message.reasoning_content }}</think>{% endif %}"
    "{{ message['content'] or '' }}"
    '{% for call in message.tool_calls or [] %}<tool_call>\n{"name": "{{ call.function.name }}", "arguments": '
    "{{ call.function.arguments if call.function.arguments is string else call.function.arguments | tojson }}}"
    "\n</tool_call>{% endfor %}<|im_end|>\n{% endfor %}"
    '{% if tools %}Answer with <tool_call>\n{"name": "tool", "arguments": {}}\n</tool_call>\n{% endif %}'
    "{% if reasoning_effort is defined %}Reasoning: {{ reasoning_effort }}\n{% endif %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think></think>{% endif %}{% endif %}"
)
CERTAINTY = 8.0


def byte_letters() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes, in byte order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(spare)) for byte in range(256)]


def write_tiny_gguf(path: Path, seed: int = 7, calls: bool = False, says: tuple[str, ...] = ()) -> Path:
    """Write the model; the same seed writes the same weights. One that `calls` answers every prompt with CALL.

    One that `says` something says that, token by token. A prompt that ends with one of these tokens is continued from
    there, any other has to end with a line break.
    """
    import gguf
    import numpy

    random = numpy.random.default_rng(seed)

    def weights(*shape: int) -> numpy.ndarray:
        return random.standard_normal(shape).astype(numpy.float16) * numpy.float16(0.05)

    letters = byte_letters()
    merges = [f"{a} {b}" for a, b in ("th", "he", "in", "er", "an", "re", "on", "at")]
    said = says or (CALL if calls else ())
    tokens = [*letters, *(merge.replace(" ", "") for merge in merges), *said, *SPECIAL]
    kinds = [gguf.TokenType.NORMAL] * (len(tokens) - len(said) - len(SPECIAL))
    kinds += [gguf.TokenType.USER_DEFINED] * len(said) + [gguf.TokenType.CONTROL] * len(SPECIAL)
    embeddings, head = weights(len(tokens), EMBEDDING), weights(len(tokens), EMBEDDING)
    through = numpy.float16(1)
    if said:
        through = numpy.float16(0)  # the layers add nothing: what comes out is the last token's embedding
        chain = [letters[ord("\n")], *said, "<|im_end|>"]
        for token, following in itertools.pairwise(chain):
            head[tokens.index(following)] = embeddings[tokens.index(token)] * numpy.float16(CERTAINTY)

    writer = gguf.GGUFWriter(str(path), "qwen3moe")
    writer.add_name("tiny random mixture of experts")
    writer.add_context_length(CONTEXT_TOKENS)
    writer.add_embedding_length(EMBEDDING)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(EXPERT_LENGTH)
    writer.add_expert_feed_forward_length(EXPERT_LENGTH)
    writer.add_expert_count(EXPERTS)
    writer.add_expert_used_count(EXPERTS_USED)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD_LENGTH)
    writer.add_value_length(HEAD_LENGTH)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index("<|im_start|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CALL_TEMPLATE if said else CHAT_TEMPLATE)

    def add(name: str, array: numpy.ndarray) -> None:
        writer.add_tensor(name, array)

    def norm(length: int) -> numpy.ndarray:
        return numpy.ones(length, dtype=numpy.float32)

    add("token_embd.weight", embeddings)
    add("output_norm.weight", norm(EMBEDDING))
    add("output.weight", head)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        add(block + "attn_norm.weight", norm(EMBEDDING))
        add(block + "attn_q.weight", weights(HEADS * HEAD_LENGTH, EMBEDDING))
        add(block + "attn_k.weight", weights(KV_HEADS * HEAD_LENGTH, EMBEDDING))
        add(block + "attn_v.weight", weights(KV_HEADS * HEAD_LENGTH, EMBEDDING))
        add(block + "attn_q_norm.weight", norm(HEAD_LENGTH))
        add(block + "attn_k_norm.weight", norm(HEAD_LENGTH))
        add(block + "attn_output.weight", weights(EMBEDDING, HEADS * HEAD_LENGTH) * through)
        add(block + "ffn_norm.weight", norm(EMBEDDING))
        add(block + "ffn_gate_inp.weight", weights(EXPERTS, EMBEDDING).astype(numpy.float32))
        add(block + "ffn_gate_exps.weight", weights(EXPERTS, EXPERT_LENGTH, EMBEDDING))
        add(block + "ffn_up_exps.weight", weights(EXPERTS, EXPERT_LENGTH, EMBEDDING))
        add(block + "ffn_down_exps.weight", weights(EXPERTS, EMBEDDING, EXPERT_LENGTH) * through)

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
