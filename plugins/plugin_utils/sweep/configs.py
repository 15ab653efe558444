# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configs of a sweep's cells for one model: the baseline's, and the baseline's with one factor changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..agent.job import OWN
from .catalog import Model
from .definition import Change, Sweep, said
from .digest import canonical


class Config(NamedTuple):
    """What a cell is run with; `change` is None for the baseline. `refused` says why this model cannot be so."""

    change: Change | None
    load: dict[str, Any]
    chat: dict[str, Any]
    refused: str | None


def configs(sweep: Sweep, model: Model) -> Iterator[Config]:
    """The baseline first, then each change that really differs from it and from those before."""
    seen = set()
    for change in (None, *sweep.changes):
        config = _config(sweep, model, change)
        text = canonical([config.load, config.chat])
        if text not in seen:
            seen.add(text)
            yield config


def _config(sweep: Sweep, model: Model, change: Change | None) -> Config:
    load, chat, refused = dict(sweep.load), dict(sweep.chat), None
    if change and change.factor == "profile" and change.level in model.profiles:
        # Exactly the bundle, for the engine; what is the agent's own stays the baseline's.
        chat = {key: value for key, value in chat.items() if key in OWN} | model.profiles[change.level]
    elif change and change.factor == "profile":
        chat["profile"] = change.level
        refused = f"{model.name} has no profile {change.level}; it has {', '.join(model.profiles) or 'none'}"
    elif change:
        (load if change.kind == "load" else chat)[change.factor] = change.level
    if load.get("quant") == model.quant:
        load.pop("quant", None)
    load, chat = said("load", load), said("chat", chat)
    return Config(change, load, chat, refused or model.refuses(load))
