# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A GGUF model in plain data, for a person who chooses one and for a catalog entry."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from .model import FoundModel, read_local_model
from .remote import read_remote_model
from .sizing import kv_bytes, shape_of

# general.file_type → what the file is called by its makers.
FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS",
    21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S",
    29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4", 39: "NVFP4",
    40: "Q1_0", 41: "Q2_0",
}  # fmt: skip
TOOLS = re.compile(r"\btool(s|_calls?)\b")


def read(path: str | None, url: str | None, timeout_seconds: float) -> FoundModel:
    """The model of this file, or of this URL."""
    return read_remote_model(url, timeout_seconds) if url else read_local_model(path or "")


def describe(found: FoundModel, contexts_tokens: list[int], parallel: int, kv_type: str) -> dict[str, Any]:
    """Everything that is asked of a model before it is loaded or downloaded."""
    model, shape = found.model, shape_of(found.model)
    template, name = model.metadata.get("tokenizer.chat_template"), model.metadata.get("general.name")
    file_type = model.metadata.get("general.file_type")
    return {
        "architecture": model.architecture,
        "name": name if isinstance(name, str) else None,
        "quantization": FILE_TYPES.get(file_type) if isinstance(file_type, int) else None,
        "train_context_tokens": shape.train_context_tokens,
        "chat_template_sha256": hashlib.sha256(template.encode()).hexdigest() if isinstance(template, str) else None,
        "chat_template_mentions_tools": bool(TOOLS.search(template)) if isinstance(template, str) else None,
        "files": found.files,
        "size_bytes": found.size_bytes,
        "claimed_sha256": found.sha256,
        "read_bytes": found.read_bytes,
        "shape": shape.as_dict(),
        "kv": [
            {"context_tokens": tokens, "kv_bytes": kv_bytes(shape, tokens, parallel, kv_type)}
            for tokens in contexts_tokens
        ],
    }
