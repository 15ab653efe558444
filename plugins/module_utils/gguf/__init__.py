# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a GGUF file says about itself: parameters, bytes, and the memory it will take."""

from __future__ import annotations

from .header import GgufError, Header, Tensor, parse
from .model import GgufModel, read_model
from .shape import Layer, Shape
from .sizing import (
    KV_TYPES,
    UNCALIBRATED_OVERHEAD_BYTES,
    bytes_per_token,
    drafting_shape_of,
    fixed_bytes,
    kv_bytes,
    predicted_bytes,
    shape_of,
)

__all__ = [
    "KV_TYPES",
    "UNCALIBRATED_OVERHEAD_BYTES",
    "GgufError",
    "GgufModel",
    "Header",
    "Layer",
    "Shape",
    "Tensor",
    "bytes_per_token",
    "drafting_shape_of",
    "fixed_bytes",
    "kv_bytes",
    "parse",
    "predicted_bytes",
    "read_model",
    "shape_of",
]
