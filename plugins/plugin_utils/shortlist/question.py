# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a shortlist is made from: the models, the hosts, and what is asked of both."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from ...module_utils.errors import LabError
from ...module_utils.gguf import KV_TYPES
from ...module_utils.gguf.shape import Shape
from ..sweep import Cloud

Made = TypeVar("Made")
Number = int | float

# Generation reads every active weight once per token. Engines reach about this share of the memory's bandwidth while
# they do: dense 32 B to 70 B and mixtures of experts on a GB10 were reported at 0.6 to 0.7 of its 273 GB/s.
BANDWIDTH_EFFICIENCY = 0.6
# An agent's job is some 10,000 generated tokens: below this it takes more than half an hour.
SLOWEST_TOKENS_PER_SECOND = 5.0


def tokens_per_second(
    bandwidth_bytes_per_second: Number, bytes_per_token: int, efficiency: float = BANDWIDTH_EFFICIENCY
) -> float:
    """How fast a model generates whose every token reads `bytes_per_token`."""
    return bandwidth_bytes_per_second * efficiency / max(1, bytes_per_token)


class ShortlistError(LabError):
    """A host or a model is not described in the way a shortlist needs it."""


@dataclass(frozen=True)
class Asked:
    """The load config every model is sized for, what is too slow to be of use, and the day prices are looked up for."""

    context_tokens: int
    parallel: int = 1
    kv_type: str = "f16"
    slowest_tokens_per_second: float = SLOWEST_TOKENS_PER_SECOND
    bandwidth_efficiency: float = BANDWIDTH_EFFICIENCY
    day: datetime.date = field(default_factory=lambda: datetime.datetime.now(datetime.UTC).date())

    def __post_init__(self) -> None:
        if self.context_tokens < 1 or self.parallel < 1:
            raise ShortlistError(
                f"A context of {self.context_tokens} tokens in {self.parallel} slots holds nothing.",
                "ask for at least one token and one slot",
            )
        if self.kv_type not in KV_TYPES:
            raise ShortlistError(f"There is no KV type {self.kv_type!r}.", f"use one of {', '.join(sorted(KV_TYPES))}")
        if not 0 < self.bandwidth_efficiency <= 1:
            raise ShortlistError(
                f"A bandwidth efficiency of {self.bandwidth_efficiency} is none.",
                "give the share of the memory's bandwidth that generation reaches, above 0 and at most 1",
            )

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Asked:
        """From the data of a playbook, where a number may be a text."""
        what = "What is asked"
        _only_known(what, plain, [one.name for one in fields(cls)])
        given: dict[str, Any] = {key: _number(what, plain, key, int) for key in ("context_tokens", "parallel")}
        for key in ("slowest_tokens_per_second", "bandwidth_efficiency"):
            given[key] = _number(what, plain, key, float)
        given["kv_type"] = str(plain["kv_type"]) if plain.get("kv_type") else None
        given["day"] = _made(what, "day", datetime.date.fromisoformat, plain.get("day"))
        if given["context_tokens"] is None:
            raise ShortlistError("No context is asked for.", "give context_tokens, as many as an agent's job needs")
        return cls(**{key: value for key, value in given.items() if value is not None})

    @property
    def load_text(self) -> str:
        slots = f"{self.parallel} slot{'s' if self.parallel > 1 else ''}"
        return f"{self.context_tokens} tokens of context, {slots}, {self.kv_type} KV"


@dataclass(frozen=True)
class Host:
    """One LLM host. `usable_bytes`: what a model may take once everything is unloaded; None for a cloud API.

    `bandwidth_is_lower_bound`: measured by the CPU where a GPU generates, so that nothing is too slow for certain.
    """

    name: str
    tier: str = "full"
    usable_bytes: int | None = None
    reserve_bytes: int = 0
    overhead_bytes: int = 0
    memory_bandwidth_bytes_per_second: float | None = None
    bandwidth_is_lower_bound: bool = False
    bandwidth_from: str = ""
    disk_read_bytes_per_second: float | None = None

    @property
    def is_cloud(self) -> bool:
        return self.tier == "cloud"

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Host:
        """From the data of a playbook, where a number may be a text; ShortlistError names what is wrong."""
        if not plain.get("name"):
            raise ShortlistError(f"A host of the shortlist has no name: {dict(plain)}.", "give each host its name")
        what = f"The host {plain['name']}"
        _only_known(what, plain, [one.name for one in fields(cls)])
        made = cls(
            name=str(plain["name"]),
            tier=str(plain.get("tier") or "full"),
            usable_bytes=_number(what, plain, "usable_bytes", int),
            reserve_bytes=_number(what, plain, "reserve_bytes", int) or 0,
            overhead_bytes=_number(what, plain, "overhead_bytes", int) or 0,
            memory_bandwidth_bytes_per_second=_number(what, plain, "memory_bandwidth_bytes_per_second", float) or None,
            bandwidth_is_lower_bound=_boolean(what, plain, "bandwidth_is_lower_bound"),
            bandwidth_from=str(plain.get("bandwidth_from") or ""),
            disk_read_bytes_per_second=_number(what, plain, "disk_read_bytes_per_second", float) or None,
        )
        if made.usable_bytes is None and not made.is_cloud:
            raise ShortlistError(
                f"{what} does not say what is usable on it.", "give usable_bytes, as host_capacity_info returns it"
            )
        return made


@dataclass(frozen=True)
class Candidate:
    """A model: its shape where it is a file, its offer where it is a cloud API's. Neither: nothing is known of it."""

    name: str
    shape: Shape | None = None
    cloud: Cloud | None = None
    total_parameters: int | None = None
    active_parameters: int | None = None

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Candidate:
        """From an entry of the catalog with its name, as `Model.as_dict` gives it."""
        if not plain.get("name"):
            raise ShortlistError(f"A model of the shortlist has no name: {dict(plain)}.", "give each model its name")
        what = f"The model {plain['name']}"
        return cls(
            name=str(plain["name"]),
            shape=_made(what, "shape", Shape.from_dict, plain.get("shape")),
            cloud=_made(what, "cloud", Cloud.from_dict, plain.get("cloud")),
            total_parameters=_number(what, plain, "total_parameters", int),
            active_parameters=_number(what, plain, "active_parameters", int),
        )


def _only_known(what: str, plain: Mapping[str, Any], known: Iterable[str]) -> None:
    if unknown := sorted(set(plain) - set(known)):
        raise ShortlistError(f"{what} has the unknown key {unknown[0]!r}.", f"known are {', '.join(sorted(known))}")


def _number(what: str, plain: Mapping[str, Any], key: str, kind: Callable[[Any], Number]) -> Any:
    value = plain.get(key)
    if value is None or value == "":
        return None
    try:
        number = kind(value)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if not 0 <= number < float("inf"):
        raise ShortlistError(f"{what} says {key} = {value!r}.", "give a number, 0 or more")
    return number


def _boolean(what: str, plain: Mapping[str, Any], key: str) -> bool:
    """As Ansible reads one; a filter is given what the user wrote."""
    text = str(plain.get(key) if plain.get(key) is not None else "").strip().lower()
    if text in ("true", "yes", "on", "1", "1.0", "y", "t"):
        return True
    if text in ("", "false", "no", "off", "0", "0.0", "n", "f"):
        return False
    raise ShortlistError(f"{what} says {key} = {plain[key]!r}.", "give true or false")


def _made(what: str, key: str, make: Callable[[Any], Made], plain: Any) -> Made | None:
    if plain is None:
        return None
    try:
        return make(plain)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ShortlistError(
            f"{what} has a {key} that cannot be read ({error}).",
            f"give the {key} as the filter's documentation shows it",
        ) from error
