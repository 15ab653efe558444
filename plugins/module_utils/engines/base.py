# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every engine is to the rest of the lab: a few calls, and errors that say what to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from ..errors import LabError


class EngineError(LabError):
    """The engine did not do what was asked."""


class EngineUnreachable(EngineError):
    """Nothing answers where the engine should be."""


class EngineNotInstalled(EngineError):
    """The engine's program is not on this host."""


class PortInUse(EngineError):
    """Something that is not ours listens on the engine's port."""


class LoadFailed(EngineError):
    """The engine could not load the model, or loaded something else than asked."""


class UnloadFailed(EngineError):
    """A model is still there after it was unloaded."""


@dataclass(frozen=True)
class LoadRequest:
    """A model and its load config. `context_tokens` is the window of each of the `parallel` slots."""

    name: str
    path: str
    context_tokens: int
    parallel: int = 1
    kv_type: str = "f16"
    flash_attention: str = "auto"
    chat_template: str | None = None


@dataclass(frozen=True)
class Instance:
    """A loaded model as the engine itself describes it; not `ready` means loading or not answering."""

    id: str
    model: str
    path: str
    context_tokens: int
    parallel: int
    chat_template_sha256: str | None
    build: str | None
    resident_bytes: int | None = field(default=None, compare=False)
    ready: bool = True


@dataclass(frozen=True)
class Capabilities:
    """What can be asked of an engine, so that a sweep never asks for what would be ignored."""

    load: bool
    unload: bool
    context: bool
    parallel: bool
    kv_type: bool
    flash_attention: bool
    chat_template: bool


class Engine(ABC):
    """One engine on one host."""

    capabilities: Capabilities

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
