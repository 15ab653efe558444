# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a card rests on, part by part: when one of them changes, the card says nothing of what is there now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .words import plural, short

CANARY = "canary "
MODEL_PARTS = {"digest": "model", "sha256": "model file", "chat_template_sha256": "chat template"}


def basis(
    model: Mapping[str, Any], canaries: Sequence[Mapping[str, Any]], stacks: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """Part → digest or version, of everything that was recorded; the stack's parts per host class."""
    parts = {name: model.get(field) for field, name in MODEL_PARTS.items()}
    parts |= {CANARY + canary["name"]: canary["digest"] for canary in canaries}
    for host_class, stack in stacks.items():
        parts |= {f"{part.replace('_', ' ')} on {host_class}": value for part, value in stack.items()}
    return {name: str(value) for name, value in parts.items() if value is not None}


def changed(then: Mapping[str, str], now: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The parts both name and that differ: what was measured, and what is there now."""
    return {name: (then[name], now[name]) for name in then if name in now and then[name] != now[name]}


def of_stack(parts: Mapping[str, Any], host_class: str) -> dict[str, Any]:
    """Those parts that belong to a host class's stack, without its name."""
    end = f" on {host_class}"
    stack = {
        name.removesuffix(end): value
        for name, value in parts.items()
        if name.endswith(end) and not name.startswith(CANARY)
    }
    return stack | {name: value for name, value in parts.items() if name == "chat template"}


def of_suite(cards: Sequence[Mapping[str, Any]]) -> dict[str, str | None]:
    """Every canary of a generation with its digest: rates are of one suite or cannot be ranked."""
    return {one["name"]: one["digest"] for card in cards for one in card["canaries"]}


def valid_until(model: Mapping[str, Any], canaries: Sequence[Mapping[str, Any]], interim: bool) -> list[str]:
    """What would make the card stale: any of these ends it."""
    stale = [
        "the engine's build, the driver, the chat template, the tool parser or the agent changes (the stack below)",
        f"the provider changes what {model['cloud']['id']} is"
        if model["cloud"]
        else f"another file is served under this model's name (this one's sha256 starts {short(model['sha256'])})",
        f"one of the {plural(len(canaries), 'canary', 'canaries')} or its budgets change",
        "the host class changes: another GPU, another memory size, another engine",
    ]
    return ["the generation goes on: this card is interim", *stale] if interim else stale
