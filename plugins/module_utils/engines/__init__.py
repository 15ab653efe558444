# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file per engine behind one small interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .base import (
    Capabilities,
    Engine,
    EngineError,
    EngineNotInstalled,
    EngineRefused,
    EngineUnreachable,
    Instance,
    LoadFailed,
    LoadRequest,
    MemoryKept,
    OptionUnsupported,
    PortInUse,
    Settings,
    UnloadFailed,
    ignored,
)
from .llama_cpp import llama_cpp
from .lm_studio import LmStudio
from .ollama import Ollama
from .openai_compatible import OpenAICompatible

ENGINES: dict[str, Callable[[str, dict[str, Any]], Engine]] = {
    "llama_cpp": llama_cpp,
    "lm_studio": LmStudio,
    "ollama": Ollama,
    "openai_compatible": OpenAICompatible,
}

__all__ = [
    "ENGINES",
    "Capabilities",
    "Engine",
    "EngineError",
    "EngineNotInstalled",
    "EngineRefused",
    "EngineUnreachable",
    "Instance",
    "LoadFailed",
    "LoadRequest",
    "MemoryKept",
    "OptionUnsupported",
    "PortInUse",
    "Settings",
    "UnloadFailed",
    "connect",
    "ignored",
]


def connect(engine: str, base_url: str, options: dict[str, Any]) -> Engine:
    """The engine of this name at this address; nothing is sent yet."""
    if engine not in ENGINES:
        raise EngineError(f"There is no engine {engine!r}.", f"choose one of {', '.join(sorted(ENGINES))}")
    return ENGINES[engine](base_url, options)
