# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each engine is spoken to: one file per engine behind one small interface."""

from __future__ import annotations

from ..errors import ChatError
from .base import Dialect
from .llama_cpp import LlamaCpp
from .lm_studio import LmStudio
from .ollama import Ollama
from .openai_compatible import OpenAiCompatible

DIALECTS: dict[str, type[Dialect]] = {
    "lm_studio": LmStudio,
    "ollama": Ollama,
    "llama_cpp": LlamaCpp,
    "openai_compatible": OpenAiCompatible,
}

__all__ = ["DIALECTS", "Dialect", "dialect"]


def dialect(engine: str) -> Dialect:
    if engine not in DIALECTS:
        raise ChatError(f"There is no engine {engine!r}.", f"choose one of {', '.join(sorted(DIALECTS))}")
    return DIALECTS[engine]()
