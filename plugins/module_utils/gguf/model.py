# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A GGUF model on disk, all its shards together."""

from __future__ import annotations

import mmap
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .header import Budget, GgufError, Header, Tensor, parse

EMBEDDING, MOST_LAYERS, MOST_SHARDS = "token_embd.weight", 4096, 1000
ROW_TABLES = ("per_layer_token_embd.weight",)  # a token reads its row of these
LAYER = re.compile(r"blk\.(\d{1,4})\.")
SHARD = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")


@dataclass(frozen=True)
class GgufModel:
    """What the files say. `active_*` is what one token passes through (all of it in a dense model).

    Of an embedding table that is not the output head too, a token reads one row: the bytes count that row only.
    """

    architecture: str
    metadata: dict[str, Any]
    total_parameters: int
    active_parameters: int
    weight_bytes: int
    active_weight_bytes: int
    vocabulary: int = 0

    def key(self, name: str) -> Any:
        """A metadata value under this architecture's prefix, or None."""
        return self.metadata.get(f"{self.architecture}.{name}")

    def integer(self, name: str) -> int | None:
        value = self.key(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def per_layer(self, name: str, layers: int) -> list[int] | None:
        """A value that may be one number or one number per layer, as a list."""
        value = self.key(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return [value] * layers
        if isinstance(value, list) and len(value) >= layers and all(isinstance(one, int) for one in value):
            return [int(one) for one in value[:layers]]
        return None

    @property
    def unused_layers(self) -> int:
        """Layers at the end that predict further tokens and take no part in an ordinary answer."""
        count, unused = self.integer("block_count") or 0, self.integer("nextn_predict_layers") or 0
        return unused if 0 < unused < count else 0


@dataclass(frozen=True)
class FoundModel:
    """A model and its files. `sha256` is of the first one and a server's word: nothing has checked it."""

    model: GgufModel
    files: int
    size_bytes: int
    sha256: str | None
    read_bytes: int


def read_model(path: str) -> GgufModel:
    """Read the headers of a model's files; GgufError names the file that is missing, truncated or not GGUF."""
    return read_local_model(path).model


def read_local_model(path: str) -> FoundModel:
    file = Path(path)
    budget = Budget()
    headers, files = [_header(file, budget)], [file]
    for name in other_shards(path, file.name, headers[0]):
        budget = budget.without(headers[-1])
        files.append(file.with_name(name))
        headers.append(_header(files[-1], budget))
    return FoundModel(
        model_of(path, headers),
        len(headers),
        sum(one.stat().st_size for one in files),
        None,
        sum(header.data_offset for header in headers),
    )


def model_of(where: str, headers: list[Header]) -> GgufModel:
    """The model whose files have these headers, the first file's first."""
    architecture = headers[0].metadata.get("general.architecture")
    if not isinstance(architecture, str):
        raise GgufError(f"{where}: the GGUF header names no architecture", "use a GGUF file of a language model")
    return _summed(architecture, headers[0].metadata, [tensor for header in headers for tensor in header.tensors])


def other_shards(where: str, name: str, first: Header) -> list[str]:
    """The names of a model's other files, beside the first one's."""
    count = first.metadata.get("split.count", 0)
    match = SHARD.search(name)
    if not isinstance(count, int) or count < 2:
        return []
    if not match or int(match[1]) != 1 or int(match[2]) != count or count > MOST_SHARDS:
        raise GgufError(
            f"{where}: a model in {count} files is loaded by its first one",
            f"name the file that ends in -00001-of-{count:05d}.gguf",
        )
    return [f"{name[: match.start()]}-{number:05d}-of-{count:05d}.gguf" for number in range(2, count + 1)]


def _summed(architecture: str, metadata: dict[str, Any], tensors: list[Tensor]) -> GgufModel:
    bare = GgufModel(architecture, metadata, 0, 0, 0, 0)
    layers, experts = bare.integer("block_count") or 0, bare.integer("expert_count") or 0
    running = layers - bare.unused_layers
    used = bare.per_layer("expert_used_count", layers) if 0 < layers <= MOST_LAYERS else None
    tied = not any(tensor.name == "output.weight" for tensor in tensors)
    total = active = weight_bytes = active_bytes = vocabulary = 0
    for tensor in tensors:
        elements, size_bytes = tensor.elements, tensor.size_bytes
        rows = tensor.shape[-1] if tensor.shape else 1
        if tensor.name == EMBEDDING:
            vocabulary = rows
        total += elements
        weight_bytes += size_bytes
        layer = LAYER.match(tensor.name)
        number = int(layer[1]) if layer else 0
        if bare.unused_layers and number >= running:
            continue
        if used and number < layers and 0 < used[number] <= experts and "_exps." in tensor.name:
            elements, size_bytes = elements * used[number] // experts, size_bytes * used[number] // experts
        active += elements
        if tensor.name in ROW_TABLES or (tensor.name == EMBEDDING and not tied):
            size_bytes //= max(1, rows)
        active_bytes += size_bytes
    return GgufModel(architecture, metadata, total, active, weight_bytes, active_bytes, vocabulary)


def _header(path: Path, budget: Budget) -> Header:
    if path.is_dir():
        kind = "an MLX or safetensors folder" if any(path.glob("*.safetensors")) else "a folder"
        raise GgufError(f"{path} is {kind}, not a GGUF file", "use the GGUF build of this model")
    try:
        with path.open("rb") as file:
            size_bytes = os.fstat(file.fileno()).st_size
            if size_bytes == 0:
                raise GgufError("an empty file, not a GGUF file")
            # Mapped, not read: a header may be 10 MB of vocabulary or 1 kB before 70 GB of weights.
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as view:
                header = parse(view, budget)
    except GgufError as error:
        raise GgufError(f"{path}: {error.message}", error.remedy) from None
    except OSError as error:
        raise GgufError(
            f"There is no GGUF file {path}: {error.strerror}.",
            "download it with the role local_llm.lab.gguf_models or correct the path",
        ) from error
    if header.end > size_bytes:
        raise GgufError(f"{path}: truncated, {size_bytes} bytes of at least {header.end}")
    return header
