# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The header of a GGUF file: metadata and tensor list. Reads only what stands before the weights.

Anything that is not a whole, sane header raises GgufError, whatever the bytes are, in bounded memory and time.
Ours: of PyPI's, gguf 0.19 wants the whole file; gguf-parser reads a prefix, unchecked, and rests since May 2024.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any, Union

from ..errors import LabError

Buffer = Union[bytes, bytearray, memoryview]

MAGIC = b"GGUF"
STRING, ARRAY, BOOL = 8, 9, 7
SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", BOOL: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
SIZES = {kind: struct.calcsize(code) for kind, code in SCALARS.items()}
KEPT_ELEMENTS = 4096  # per-layer lists are kept, vocabularies are passed over
MOST_KEYS, MOST_TENSORS, MOST_DIMENSIONS, LONGEST_NAME = 1 << 16, 1 << 16, 8, 1 << 16
MOST_HEADER_BYTES = 64 * 1024**2  # the longest known are 20 MB of vocabulary
MOST_KEPT_BYTES = 16 * 1024**2  # of texts and lists
TEXT_BYTES = 64  # what a text takes beside its bytes

# Tensor type → (elements per block, bytes per block), as in ggml.
BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
    40: (64, 36), 41: (128, 18), 42: (64, 18),
}  # fmt: skip


class GgufError(LabError):
    """Not a GGUF file that can be read."""

    def __init__(self, what: str, remedy: str = "download the file again and check its sha256") -> None:
        super().__init__(what, remedy)


class HeaderCutOff(GgufError):
    """These bytes end inside the header; a whole one has at least `needed_bytes`."""

    def __init__(self, needed_bytes: int) -> None:
        super().__init__("the GGUF header is cut off: the file is truncated")
        self.needed_bytes = needed_bytes


@dataclass(frozen=True)
class Tensor:
    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        per_block, block_bytes = BLOCKS[self.kind]
        return -(-self.elements // per_block) * block_bytes


@dataclass(frozen=True)
class Budget:
    """What the headers of all files of one model may still have together."""

    header_bytes: int = MOST_HEADER_BYTES
    kept_bytes: int = MOST_KEPT_BYTES
    tensors: int = MOST_TENSORS

    def without(self, header: Header) -> Budget:
        return Budget(
            self.header_bytes - header.header_bytes,
            self.kept_bytes - header.kept_bytes,
            self.tensors - len(header.tensors),
        )


@dataclass(frozen=True)
class Header:
    """Metadata (long lists and lists of strings left out), tensors, and where the weights begin.

    `kept_bytes` is what the texts and lists take in memory, about.
    """

    version: int
    metadata: dict[str, Any]
    tensors: tuple[Tensor, ...]
    data_offset: int
    header_bytes: int
    kept_bytes: int

    @property
    def end(self) -> int:
        """How long a whole file is at least."""
        return self.data_offset + max((one.offset + one.size_bytes for one in self.tensors), default=0)


class _Cursor:
    def __init__(self, buffer: Buffer, budget: Budget) -> None:
        self.buffer = buffer
        self.budget = budget
        self.length = min(len(buffer), budget.header_bytes)
        self.position = 0
        self.kept_bytes = 0

    def skip(self, count: int) -> int:
        """Move on and return where that began."""
        begin = self.position
        self.need(count)
        self.position = begin + count
        return begin

    def need(self, count: int) -> None:
        if count > self.length - self.position:
            needed_bytes = self.position + count
            if needed_bytes > self.budget.header_bytes:
                raise GgufError(f"more than {MOST_HEADER_BYTES} bytes of GGUF headers: the file is damaged")
            raise HeaderCutOff(needed_bytes)

    def keep(self, size_bytes: int) -> None:
        self.kept_bytes += size_bytes
        if self.kept_bytes > self.budget.kept_bytes:
            raise GgufError(f"more than {MOST_KEPT_BYTES} bytes of texts in the GGUF headers: the file is damaged")

    def scalar(self, kind: int) -> Any:
        return struct.unpack_from(SCALARS[kind], self.buffer, self.skip(SIZES[kind]))[0]

    def text(self, longest: int) -> str:
        count = self.scalar(10)
        if count > longest:
            raise GgufError(f"a name of {count} bytes in the GGUF header: the file is damaged")
        self.keep(count + TEXT_BYTES)
        begin = self.skip(count)
        return bytes(self.buffer[begin : begin + count]).decode("utf-8", errors="replace")

    def value(self, kind: int) -> Any:
        if kind in SCALARS:
            return self.scalar(kind)
        if kind == STRING:
            return self.text(MOST_KEPT_BYTES)
        if kind == ARRAY:
            return self.array()
        raise GgufError(f"unknown value type {kind} in the GGUF header: the file is damaged or too new")

    def array(self) -> Any:
        kind, count = self.scalar(4), self.scalar(10)
        if kind in SCALARS:
            begin = self.skip(count * SIZES[kind])
            if count > KEPT_ELEMENTS:
                return None
            self.keep(count * 8)
            return list(struct.unpack_from(f"<{count}{SCALARS[kind][1]}", self.buffer, begin))
        if kind != STRING:
            raise GgufError(f"an array of value type {kind} in the GGUF header: the file is damaged or too new")
        self.need(count * 8)
        unpack, buffer = struct.Struct("<Q").unpack_from, self.buffer
        for _unused in range(count):
            self.skip(unpack(buffer, self.skip(8))[0])
        return None


def parse(buffer: Buffer, budget: Budget | None = None) -> Header:
    """The header at the start of these bytes; the weights themselves need not be there.

    `budget` is what the model's other files leave of it.
    """
    _recognise(buffer)
    budget = budget or Budget()
    cursor = _Cursor(buffer, budget)
    cursor.skip(len(MAGIC))
    version, tensor_count, key_count = cursor.scalar(4), cursor.scalar(10), cursor.scalar(10)
    if version not in (2, 3):
        raise GgufError(
            f"GGUF version {version} is not supported", "convert the model to GGUF version 3, little endian"
        )
    if key_count > MOST_KEYS or tensor_count > budget.tensors:
        raise GgufError(
            f"{key_count} keys and {tensor_count} tensors in the GGUF header, too many: the file is damaged"
        )
    metadata = {}
    for _unused in range(key_count):
        name = cursor.text(LONGEST_NAME)
        value = cursor.value(cursor.scalar(4))
        if value is not None:
            metadata[name] = value
    tensors = tuple(_tensor(cursor) for _unused in range(tensor_count))
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 20:
        raise GgufError(f"an alignment of {alignment!r} in the GGUF header: the file is damaged")
    data_offset = -(-cursor.position // alignment) * alignment
    return Header(version, metadata, tensors, data_offset, cursor.position, cursor.kept_bytes)


def _recognise(buffer: Buffer) -> None:
    start = bytes(buffer[:9])
    if start[:4] == MAGIC:
        return
    if start[8:9] == b"{":
        raise GgufError("a safetensors file, not a GGUF file", "use the GGUF build of this model")
    raise GgufError("not a GGUF file (its first bytes are not GGUF)")


def _tensor(cursor: _Cursor) -> Tensor:
    name = cursor.text(LONGEST_NAME)
    dimensions = cursor.scalar(4)
    if dimensions > MOST_DIMENSIONS:
        raise GgufError(f"tensor {name!r} has {dimensions} dimensions: the file is damaged")
    shape = tuple(cursor.scalar(10) for _unused in range(dimensions))
    kind, offset = cursor.scalar(4), cursor.scalar(10)
    if kind not in BLOCKS:
        raise GgufError(f"tensor {name!r} has the unknown type {kind}: the file is damaged or too new")
    return Tensor(name, shape, kind, offset)
