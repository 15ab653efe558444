# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sweep file: what is swept, checked against its schema and brought to one form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..agent.job import OWN
from . import document, schema
from .document import Document
from .errors import SweepFileInvalid, UnknownName

KINDS = ("load", "chat")
# What goes without saying is left out of a config: said or not, it is the same config.
UNSAID: dict[str, dict[str, Any]] = {"load": {"speculative": "off"}, "chat": OWN}
LOAD_DEFAULTS: dict[str, Any] = {"parallel": 1, "kv_type": "f16", "flash_attention": "auto"}
REPLICATES, MOST_REPLICATES = 3, 8
WRONG_ADOPTION = 0.05


@dataclass(frozen=True)
class Change:
    """One factor set to one level: what makes a cell differ from the baseline."""

    kind: str
    factor: str
    level: Any


@dataclass(frozen=True)
class Sweep:
    """A sweep file in its one form: defaults filled in, every number of one kind, factors and cells as changes.

    Every cell is screened with `replicates`; where the decision is still open it gets up to `most_replicates` (the same
    number in fixed mode). `wrong_adoption` is the risk, per sweep, of taking a level that is no better. `limits` end
    the sweep: trials, generated_tokens, hours, money.
    """

    name: str
    description: str
    models: tuple[str, ...]
    canaries: tuple[str, ...]
    load: dict[str, Any]
    chat: dict[str, Any]
    changes: tuple[Change, ...]
    replicates: int
    most_replicates: int
    wrong_adoption: float
    seed: int
    budgets: dict[str, Any]
    limits: dict[str, Any]
    good_enough: dict[str, dict[str, float]]
    document: Document = field(repr=False, compare=False)

    def check_models(self, known: Iterable[str]) -> None:
        """UnknownName for the first model that is not known, with its place in the file."""
        self._check_names("model", "models", known)

    def check_canaries(self, known: Iterable[str]) -> None:
        """UnknownName for the first canary that is not known, with its place in the file."""
        self._check_names("canary", "canaries", known)

    def _check_names(self, thing: str, key: str, known: Iterable[str]) -> None:
        names = list(known)
        for index, name in enumerate(getattr(self, key)):
            if name not in names:
                raise UnknownName(self.document.where(key, index), thing, name, names)

    def as_dict(self) -> dict[str, Any]:
        """What the store keeps and the findings show."""
        return {
            "name": self.name,
            "description": self.description,
            "models": list(self.models),
            "canaries": list(self.canaries),
            "baseline": {"load": dict(self.load), "chat": dict(self.chat)},
            "cells": [{change.factor: change.level} for change in self.changes],
            "replicates": self.replicates,
            "most_replicates": self.most_replicates,
            "wrong_adoption": self.wrong_adoption,
            "seed": self.seed,
            "budgets": dict(self.budgets),
            "limits": dict(self.limits),
            "good_enough": {duty: dict(wanted) for duty, wanted in self.good_enough.items()},
        }


def load_sweep(path: Path | str) -> Sweep:
    """Read a sweep file. Models and canaries are only names here: `plan` knows which exist."""
    source = document.read(Path(path), "The sweep file")
    schema.check(source, "sweep")
    data = source.data
    if "profile" in data["baseline"]["chat"]:
        raise SweepFileInvalid(
            f"{source.where('baseline', 'chat', 'profile')}: a profile is a factor, each model has its own.",
            "give it under factors, and the baseline what all models are compared with.",
        )
    replicates, most = _replicates(source)
    return Sweep(
        name=data["name"],
        description=data.get("description", ""),
        models=tuple(data["models"]),
        canaries=tuple(data["canaries"]),
        load=said("load", LOAD_DEFAULTS | schema.settled("load", data["baseline"]["load"])),
        chat=said("chat", schema.settled("chat", data["baseline"]["chat"])),
        changes=tuple(_changes(source)),
        replicates=replicates,
        most_replicates=most,
        wrong_adoption=float(data.get("wrong_adoption", WRONG_ADOPTION)),
        seed=int(data.get("seed", 0)),
        budgets=schema.settled("budgets", data.get("budgets", {})),
        limits=schema.settled("limits", data.get("limits", {})),
        good_enough=data.get("good_enough", {}),
        document=source,
    )


def said(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    """The config without what goes without saying."""
    return {key: value for key, value in config.items() if key not in UNSAID[kind] or UNSAID[kind][key] != value}


def _replicates(source: Document) -> tuple[int, int]:
    """Of the screen, and at most: a whole number fixes both."""
    given = source.data.get("replicates", {})
    if not isinstance(given, dict):
        return int(given), int(given)
    screen, most = int(given.get("screen", REPLICATES)), int(given.get("most", MOST_REPLICATES))
    if most < screen:
        where = source.where("replicates", "most" if "most" in given else "screen")
        raise SweepFileInvalid(
            f"{where}: at most {most} replicates are fewer than the screen's {screen}.", "raise most."
        )
    return screen, most


def _changes(source: Document) -> list[Change]:
    """The levels of all factors, then the single cells, in the order of the file."""
    changes = []
    for factor, levels in source.data.get("factors", {}).items():
        for index, level in enumerate(levels):
            changes.append(_change(source, ("factors", factor), ("factors", factor, index), factor, level))
    for index, cell in enumerate(source.data.get("cells", [])):
        for factor, level in cell.items():
            changes.append(_change(source, ("cells", index, factor), ("cells", index, factor), factor, level))
    return changes


def _change(source: Document, factor_keys: document.Keys, level_keys: document.Keys, factor: str, level: Any) -> Change:
    for kind in KINDS:
        if factor in schema.properties("sweep", kind):
            schema.check_value(source, level_keys, level, "sweep", kind, factor)
            return Change(kind, factor, schema.settled(kind, {factor: level})[factor])
    known = [name for kind in KINDS for name in schema.properties("sweep", kind)]
    raise UnknownName(source.where(*factor_keys), "factor", factor, known)
