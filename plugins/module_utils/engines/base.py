# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every engine is to the rest of the lab: a few calls, and errors that say what to do."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from typing import Any

from ..errors import LabError


class EngineError(LabError):
    """The engine did not do what was asked."""


class EngineUnreachable(EngineError):
    """Nothing answers where the engine should be."""


class EngineRefused(EngineError):
    """The engine answered, with an error; `status` is HTTP's and `reason` is what it said."""

    def __init__(self, status: int, reason: str, remedy: str = "read the engine's log") -> None:
        super().__init__(f"The engine refuses ({status}): {reason}", remedy)
        self.status = status
        self.reason = reason


class EngineNotInstalled(EngineError):
    """The engine's program is not on this host."""


class PortInUse(EngineError):
    """Something that is not ours listens on the engine's port."""


class LoadFailed(EngineError):
    """The engine could not load the model, or loaded something else than asked."""


class UnloadFailed(EngineError):
    """A model is still there after it was unloaded."""


class MemoryKept(UnloadFailed):
    """The engine says that nothing is loaded, and the memory did not come back; `kept` says how much, in bytes."""

    def __init__(self, message: str, remedy: str, kept: dict[str, int] | None = None) -> None:
        super().__init__(message, remedy)
        self.kept = kept or {}


class OptionUnsupported(EngineError):
    """The engine would ignore a part of the load config: asking for it anyway would give a false result."""


@dataclass(frozen=True)
class LoadRequest:
    """A model and its load config. `context_tokens` is the window of each of the `parallel` slots.

    `path` is the GGUF file on the host; empty for an engine that loads nothing. `speculative`: off, mtp (the model's
    own layers draft) or draft (the model of the file `draft_path` does).
    """

    name: str
    path: str
    context_tokens: int
    parallel: int = 1
    kv_type: str = "f16"
    flash_attention: str = "auto"
    chat_template: str | None = None
    experts_used: int | None = None
    speculative: str = "off"
    draft_path: str = ""


@dataclass(frozen=True)
class Instance:
    """A loaded model as the engine itself describes it; not `ready` means loading or not answering.

    `kv_bytes`: its KV cache, where the engine says how large that is. `gpu_bytes` below `resident_bytes` means that a
    part of it is computed by the CPU.
    """

    id: str
    model: str
    path: str
    context_tokens: int
    parallel: int
    chat_template_sha256: str | None
    build: str | None
    resident_bytes: int | None = field(default=None, compare=False)
    kv_bytes: int | None = field(default=None, compare=False)
    gpu_bytes: int | None = field(default=None, compare=False)
    ready: bool = True


@dataclass(frozen=True)
class Capabilities:
    """What can be asked of an engine, so that a sweep asks before it tries.

    `load` false means that nothing is ever loaded here (a cloud). `download`: it can have a model brought or removed.
    """

    load: bool = False
    context: bool = False
    parallel: bool = False
    kv_type: bool = False
    flash_attention: bool = False
    chat_template: bool = False
    experts_used: bool = False
    speculative: bool = False
    reasoning_switch: bool = False
    download: bool = False


@dataclass(frozen=True)
class Settings:
    """How the engine serves whatever is asked of it; None where it does not tell."""

    bind_address: str | None = None
    jit_loading: bool | None = None
    auto_evict: bool | None = None
    default_context_tokens: int | None = None
    parallel: int | None = None
    kv_type: str | None = None
    flash_attention: str | None = None


def ignored(capabilities: Capabilities, settings: Settings, load: dict[str, Any]) -> str | None:
    """Which part of a load config this engine would not take, in a sentence; None when it takes it all."""
    fixed = {
        "parallel": settings.parallel or 1,
        "kv_type": settings.kv_type or "f16",
        "flash_attention": settings.flash_attention or "auto",
        "chat_template": None,
        "experts_used": None,
        "speculative": "off",
    }
    for name, value in fixed.items():
        asked = load.get(name, value)
        if asked != value and not getattr(capabilities, name):
            has = "the model's own" if value is None else value
            return f"{name} = {str(asked)[:40]} cannot be set per load on this engine; it serves with {has}"
    return None


class Engine(ABC):
    """One engine on one host. `processes` names the programs that hold its models, for when it does not answer."""

    base_url: str
    capabilities: Capabilities
    processes: tuple[str, ...] = ()
    owns_processes = False  # each model is a process known by its id, listed from the start of its load: no name needed

    @abstractmethod
    def build(self) -> str:
        """Name and version of what serves; raises EngineNotInstalled or EngineUnreachable."""

    @abstractmethod
    def loaded(self) -> list[Instance]:
        """Every model in memory, read back from the engine."""

    @abstractmethod
    def serves(self, instance: Instance, request: LoadRequest) -> bool:
        """Whether this instance is exactly what the request asks for."""

    @abstractmethod
    def load(self, request: LoadRequest, timeout_seconds: float) -> Instance:
        """Load one model and return it as read back; what was applied is checked, not what was sent."""

    @abstractmethod
    def unload(self, instance_id: str) -> None:
        """Unload one instance and wait until it is gone."""

    def settings(self) -> Settings:
        """What this engine tells of its configuration."""
        return Settings()

    def has(self, request: LoadRequest) -> bool:
        """Whether the model could be loaded now, without a download or an import."""
        return not self.capabilities.load or os.path.isfile(request.path)

    def add(self, request: LoadRequest, timeout_seconds: float) -> None:
        """Make the GGUF file of the request known to the engine, without a copy of it where that can be had."""
        raise OptionUnsupported(f"{type(self).__name__} brings no models.", "use the role local_llm.lab.gguf_models")

    def remove(self, request: LoadRequest) -> None:
        """Take the model from the engine; the GGUF file itself is not the engine's and stays."""
        raise OptionUnsupported(f"{type(self).__name__} removes no models.", "delete the file")

    def refuse_unsupported(self, request: LoadRequest) -> None:
        """OptionUnsupported when the request sets what this engine would ignore."""
        if why := ignored(self.capabilities, self.settings(), asdict(request)):
            raise OptionUnsupported(f"{why}.", "leave it out of this host's sweep, or configure the engine to it")

    def unload_all(self) -> list[Instance]:
        """Unload everything and return what was there."""
        instances = self.loaded()
        for instance in instances:
            self.unload(instance.id)
        left = self.loaded()
        if left:
            raise UnloadFailed(
                f"Still loaded after unloading everything: {', '.join(one.id for one in left)}.",
                "look for another client that loads models on this host",
            )
        return instances
