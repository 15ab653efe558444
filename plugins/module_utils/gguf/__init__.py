# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a GGUF file says about itself: parameters, bytes, and the memory it will take."""

from __future__ import annotations

from .header import GgufError, Header, Tensor, parse
from .model import GgufModel, read_model
from .sizing import KV_BYTES_PER_ELEMENT, kv_bytes, predicted_bytes

__all__ = [
    "KV_BYTES_PER_ELEMENT",
    "GgufError",
    "GgufModel",
    "Header",
    "Tensor",
    "kv_bytes",
    "parse",
    "predicted_bytes",
    "read_model",
]
