# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial's process is told, as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ...module_utils.errors import LabError
from ..agent import Budgets


class BadSpec(LabError):
    """A spec that no trial can be run from."""


@dataclass(frozen=True)
class Guardian:
    """A process without which the trial ends. `started` tells it from another one that got its process id."""

    pid: int
    started: str | None


@dataclass(frozen=True)
class Spec:
    """`folder` takes the artifacts and exists. `scratch` is this attempt's alone: it is removed at the end."""

    trial: str
    attempt: int
    folder: Path
    scratch: Path
    engine: str
    base_url: str
    model: str
    window_tokens: int
    canary: Path
    budgets: Budgets
    chat: Mapping[str, Any]
    seed: int
    guardians: tuple[Guardian, ...]
    toolchain: Path | None = None
    repositories: Path | None = None
    sandbox: str | None = None
    silence_seconds: float = 120.0
    speculative: str = "off"
    api_key: str | None = field(default=None, repr=False)

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Spec:
        known = {entry.name for entry in fields(cls)}
        optional = {"toolchain", "repositories", "sandbox", "silence_seconds", "speculative", "api_key"}
        for name in sorted(known - optional - set(given)):
            raise BadSpec(f"The trial's spec has no {name}.", "pass every field of trial.spec.Spec")
        for name in sorted(set(given) - known):
            raise BadSpec(f"The trial's spec has an unknown field {name}.", "pass only fields of trial.spec.Spec")
        values = dict(given)
        for name in ("folder", "scratch", "canary"):
            values[name] = Path(values[name])
        for name in ("toolchain", "repositories"):
            values[name] = Path(values[name]) if values.get(name) else None
        values["budgets"] = Budgets.from_mapping(values["budgets"])
        values["guardians"] = tuple(Guardian(int(one["pid"]), one["started"]) for one in values["guardians"])
        return cls(**values)

    def shown(self) -> dict[str, Any]:
        """All of it that may be written down."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "api_key"}
        values["budgets"] = dict(vars(self.budgets))
        values["guardians"] = [dict(vars(one)) for one in self.guardians]
        return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}
