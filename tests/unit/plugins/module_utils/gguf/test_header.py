# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The header parser: real headers are read, anything else is one typed error."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.gguf import GgufError, parse, read_model
from ansible_collections.local_llm.lab.tests.fakes.gguf_bytes import header, i32_list, string, strings, tensor, u32

WHOLE = header(
    {
        "general.architecture": string("llama"),
        "llama.block_count": u32(2),
        "llama.attention.head_count_kv": i32_list([4, 0]),
        "tokenizer.ggml.tokens": strings(["a", "b"]),
    },
    [tensor("blk.0.ffn_up_exps.weight", (32, 2, 4), kind=8), tensor("output.weight", (32,), kind=1, offset=288)],
)


def test_reads_values_and_passes_over_vocabularies() -> None:
    found = parse(WHOLE)
    assert found.metadata == {
        "general.architecture": "llama",
        "llama.block_count": 2,
        "llama.attention.head_count_kv": [4, 0],
    }
    assert [(one.elements, one.size_bytes) for one in found.tensors] == [(256, 8 * 34), (32, 64)]
    assert found.data_offset % 32 == 0
    assert found.end == found.data_offset + 288 + 64


@given(st.integers(0, len(WHOLE) - 1))
def test_a_header_cut_anywhere_is_an_error(length: int) -> None:
    with pytest.raises(GgufError):
        parse(WHOLE[:length])


@given(st.binary(max_size=400))
def test_garbage_after_the_magic_is_an_error_or_a_header(noise: bytes) -> None:
    try:
        parse(b"GGUF\x03\x00\x00\x00" + noise)
    except GgufError as error:
        assert error.remedy


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_one_flipped_byte_never_escapes_as_another_error(position: int, byte: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[position] = byte
    try:
        parse(bytes(damaged))
    except GgufError:
        pass


@given(st.binary(min_size=1, max_size=64))
def test_what_is_not_gguf_is_told_apart(content: bytes) -> None:
    if content[:4] != b"GGUF":
        with pytest.raises(GgufError, match=r"not a GGUF file"):
            parse(content)


def test_safetensors_is_named() -> None:
    with pytest.raises(GgufError, match="safetensors") as caught:
        parse(struct.pack("<Q", 2) + b'{"}')
    assert "GGUF build" in caught.value.remedy


@pytest.mark.parametrize("version", [1, 4, 0x03000000])
def test_other_versions_are_refused(version: int) -> None:
    with pytest.raises(GgufError, match="version"):
        parse(header({}, version=version))


def test_an_mlx_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(GgufError, match="MLX or safetensors folder"):
        read_model(str(tmp_path))


def test_a_truncated_file_is_told_by_its_length(tmp_path: Path) -> None:
    whole = WHOLE + bytes(parse(WHOLE).end - len(WHOLE))
    file = tmp_path / "model.gguf"
    file.write_bytes(whole)
    assert read_model(str(file)).total_parameters == 288
    file.write_bytes(whole[:-1])
    with pytest.raises(GgufError, match=f"truncated, {len(whole) - 1} bytes of at least {len(whole)}"):
        read_model(str(file))


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_an_empty_file_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(content)
    with pytest.raises(GgufError, match=r"model\.gguf.*not a GGUF file"):
        read_model(str(file))


def test_a_missing_file_names_path_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(GgufError, match=r"There is no GGUF file .*gone\.gguf") as caught:
        read_model(str(tmp_path / "gone.gguf"))
    assert "gguf_models" in caught.value.remedy


def test_active_is_what_one_token_reads(tmp_path: Path) -> None:
    content = header(
        {
            "general.architecture": string("qwen3moe"),
            "qwen3moe.block_count": u32(3),
            "qwen3moe.nextn_predict_layers": u32(1),
            "qwen3moe.expert_count": u32(8),
            "qwen3moe.expert_used_count": u32(2),
        },
        [
            tensor("token_embd.weight", (32, 100)),
            tensor("output.weight", (32, 100)),
            tensor("blk.0.attn_q.weight", (32, 32)),
            tensor("blk.1.ffn_up_exps.weight", (32, 64, 8)),
            tensor("blk.2.ffn_up.weight", (32, 64)),
        ],
    )
    file = tmp_path / "model.gguf"
    file.write_bytes(content + bytes(parse(content).end - len(content)))
    found = read_model(str(file))
    read = 32 * 100 + 32 * 32 + 32 * 64 * 2
    assert found.total_parameters == 2 * 32 * 100 + 32 * 32 + 32 * 64 * 8 + 32 * 64
    assert found.active_parameters == 32 * 100 + read
    assert (found.weight_bytes, found.active_weight_bytes) == (4 * found.total_parameters, 4 * (read + 32))


def test_shards_are_added_up_and_a_missing_one_is_named(tmp_path: Path) -> None:
    split = {"general.architecture": string("llama"), "split.count": u32(2)}
    for number in (1, 2):
        content = header(split, [tensor(f"t{number}", (8,))])
        whole = content + bytes(parse(content).end - len(content))
        (tmp_path / f"m-{number:05d}-of-00002.gguf").write_bytes(whole)
    first = tmp_path / "m-00001-of-00002.gguf"
    assert read_model(str(first)).weight_bytes == 64
    with pytest.raises(GgufError, match="loaded by its first one"):
        read_model(str(tmp_path / "m-00002-of-00002.gguf"))
    (tmp_path / "m-00002-of-00002.gguf").unlink()
    with pytest.raises(GgufError, match="m-00002-of-00002"):
        read_model(str(first))
