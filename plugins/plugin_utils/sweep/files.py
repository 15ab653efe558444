# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a model is loaded from, which a load config chooses among."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ModelFile:
    """A GGUF file: what it is called on the host, what it holds, where it comes from."""

    file: str
    sha256: str
    size_bytes: int
    source: dict[str, Any]

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ModelFile:
        return cls(plain["file"], plain["sha256"], int(plain["size_bytes"]), dict(plain["source"]))
