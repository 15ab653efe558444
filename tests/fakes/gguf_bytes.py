# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GGUF headers piece by piece, for headers no writer would write."""

from __future__ import annotations

import struct
from pathlib import Path

from ansible_collections.local_llm.lab.plugins.module_utils.gguf import parse


def text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def header(metadata: dict[str, bytes], tensors: list[bytes] | None = None, version: int = 3) -> bytes:
    tensors = tensors or []
    start = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(metadata))
    return start + b"".join(text(name) + value for name, value in metadata.items()) + b"".join(tensors)


def u32(value: int) -> bytes:
    return struct.pack("<II", 4, value)


def string(value: str) -> bytes:
    return struct.pack("<I", 8) + text(value)


def i32_list(values: list[int]) -> bytes:
    return struct.pack("<IIQ", 9, 5, len(values)) + struct.pack(f"<{len(values)}i", *values)


def strings(values: list[str]) -> bytes:
    return struct.pack("<IIQ", 9, 8, len(values)) + b"".join(text(value) for value in values)


def tensor(name: str, shape: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def write_sparse(path: Path, content: bytes) -> int:
    """A file with this header and a hole where its weights would be; returns its size."""
    with path.open("wb") as file:
        file.write(content)
        file.truncate(parse(content).end)
    return path.stat().st_size


def big_model(layers: int = 48, vocabulary: int = 150_000, shard: tuple[int, int] = (0, 1)) -> bytes:
    """The header of a model of tens of gigabytes, or of one of its shards: the first has the vocabulary."""
    number, count = shard
    metadata = {"general.architecture": string("qwen3moe"), "split.count": u32(count)}
    if number == 0:
        keys = {
            "block_count": layers, "context_length": 262144, "embedding_length": 2048, "attention.head_count": 32,
            "attention.head_count_kv": 4, "attention.key_length": 128, "attention.value_length": 128,
            "expert_count": 128, "expert_used_count": 8,
        }  # fmt: skip
        metadata |= {f"qwen3moe.{name}": u32(value) for name, value in keys.items()}
        metadata |= {
            "general.name": string("Big"),
            "general.file_type": u32(15),
            "tokenizer.chat_template": string("{% if tools %}{{ tools }}{% endif %}"),
            "tokenizer.ggml.tokens": strings([f"token{one}" for one in range(vocabulary)]),
            "tokenizer.ggml.merges": strings([f"tok en{one}" for one in range(vocabulary)]),
        }
    tensors, offset = [], 0
    for layer in range(number, layers, count):
        for name in ("gate", "up", "down"):
            tensors.append(tensor(f"blk.{layer}.ffn_{name}_exps.weight", (2048, 768, 128), kind=12, offset=offset))
            offset += 2048 * 768 * 128 // 256 * 144
    return header(metadata, tensors)
