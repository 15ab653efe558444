# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One model on one host: the verdict, its numbers, and one sentence that says why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..findings.words import number, parameters, size
from ..sweep import Cloud
from .question import Asked, Candidate, Host, tokens_per_second
from .sizes import Sizes


class Verdict(StrEnum):
    """In the order of their use to somebody who looks for a model."""

    FITS = "fits"
    TOO_SLOW = "too_slow"
    DOES_NOT_FIT = "does_not_fit"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Row:
    """None: not known, or (for a cloud API's model) nothing that the host has to hold."""

    host: str
    model: str
    verdict: Verdict
    why: str
    total_parameters: int | None
    active_parameters: int | None
    weight_bytes: int | None = None
    vocabulary_bytes: int | None = None
    kv_bytes: int | None = None
    overhead_bytes: int | None = None
    predicted_bytes: int | None = None
    reserve_bytes: int | None = None
    usable_bytes: int | None = None
    largest_context_tokens: int | None = None
    bytes_per_token: int | None = None
    predicted_tokens_per_second: float | None = None
    speed_is_lower_bound: bool = False
    predicted_load_seconds: float | None = None
    price: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self), "verdict": self.verdict.value}


def build_row(candidate: Candidate, sizes: Sizes | None, host: Host, asked: Asked) -> Row | None:
    """None where the two have nothing to do with each other: a file and a cloud API, an API's model and a box."""
    if host.is_cloud != (candidate.cloud is not None):
        return None
    if candidate.cloud is not None:
        return _cloud_row(candidate, candidate.cloud, host, asked)
    if sizes is None:
        return Row(
            host.name, candidate.name, Verdict.UNKNOWN,
            "its shape is not known: give `shape:` in the catalog, as gguf_info returns it, or have its file on a host",
            candidate.total_parameters, candidate.active_parameters,
        )  # fmt: skip
    return _file_row(candidate.name, sizes, host, asked)


def _file_row(name: str, sizes: Sizes, host: Host, asked: Asked) -> Row:
    usable_bytes = host.usable_bytes or 0
    predicted_bytes = sizes.predicted_bytes(host.overhead_bytes)
    largest = sizes.largest_context(usable_bytes - host.reserve_bytes - host.overhead_bytes)
    speed = _tokens_per_second(sizes, host, asked)
    verdict = Verdict.FITS
    if asked.context_tokens > sizes.train_context_tokens or predicted_bytes + host.reserve_bytes > usable_bytes:
        verdict = Verdict.DOES_NOT_FIT
    elif speed is not None and speed < asked.slowest_tokens_per_second and not host.bandwidth_is_lower_bound:
        verdict = Verdict.TOO_SLOW
    return Row(
        host=host.name,
        model=name,
        verdict=verdict,
        why=_why(verdict, sizes, host, asked, largest, speed),
        total_parameters=sizes.shape.total_parameters,
        active_parameters=sizes.shape.active_parameters,
        weight_bytes=sizes.weight_bytes,
        vocabulary_bytes=sizes.vocabulary_bytes,
        kv_bytes=sizes.kv_bytes,
        overhead_bytes=host.overhead_bytes,
        predicted_bytes=predicted_bytes,
        reserve_bytes=host.reserve_bytes,
        usable_bytes=usable_bytes,
        largest_context_tokens=largest,
        bytes_per_token=sizes.bytes_per_token,
        predicted_tokens_per_second=None if speed is None else round(speed, 2),
        speed_is_lower_bound=host.bandwidth_is_lower_bound and speed is not None,
        predicted_load_seconds=(
            round(sizes.weight_bytes / host.disk_read_bytes_per_second, 1) if host.disk_read_bytes_per_second else None
        ),
    )


def _tokens_per_second(sizes: Sizes, host: Host, asked: Asked) -> float | None:
    if host.memory_bandwidth_bytes_per_second is None:
        return None
    return tokens_per_second(host.memory_bandwidth_bytes_per_second, sizes.bytes_per_token, asked.bandwidth_efficiency)


def _why(verdict: Verdict, sizes: Sizes, host: Host, asked: Asked, largest: int, speed: float | None) -> str:
    shape = sizes.shape
    needed_bytes = sizes.predicted_bytes(host.overhead_bytes) + host.reserve_bytes
    usable_bytes = host.usable_bytes or 0
    if verdict is Verdict.DOES_NOT_FIT and asked.context_tokens > sizes.train_context_tokens:
        return (
            f"trained for {sizes.train_context_tokens} tokens of context, {asked.context_tokens} are asked; "
            f"{_largest_text(largest)}"
        )
    parts = f"{size(sizes.weight_bytes)} weights"
    if sizes.vocabulary_bytes:
        parts += f" + {size(sizes.vocabulary_bytes)} vocabulary"
    parts += f" + {size(sizes.kv_bytes)} KV ({asked.load_text})"
    parts += f" + {size(host.overhead_bytes)} overhead + {size(host.reserve_bytes)} reserve"
    if verdict is Verdict.DOES_NOT_FIT:
        return (
            f"{parts} = {size(needed_bytes)}, {size(needed_bytes - usable_bytes)} more than the {size(usable_bytes)} "
            f"usable; {_largest_text(largest)}"
        )
    if verdict is Verdict.TOO_SLOW and speed is not None:
        return (
            f"{kind_text(shape.total_parameters, shape.active_parameters)}: {speed_text(speed)} on this host "
            f"({size(sizes.bytes_per_token)} read per token), below the {number(asked.slowest_tokens_per_second)} asked"
        )
    text = f"{parts} = {size(needed_bytes)} of {size(usable_bytes)} usable"
    if speed is not None and speed < asked.slowest_tokens_per_second:
        text += f"; may be slow: {speed_text(speed, True)}, from a bandwidth that the GPU may exceed"
    return text


def _largest_text(largest: int) -> str:
    return f"at most {largest} tokens fit" if largest else "no context fits"


def _cloud_row(candidate: Candidate, cloud: Cloud, host: Host, asked: Asked) -> Row:
    price = cloud.price_on(asked.day)
    served = asked.context_tokens <= cloud.context_tokens
    if not served:
        why = f"{cloud.id} takes {cloud.context_tokens} tokens of context, {asked.context_tokens} are asked"
    elif price is None:
        why = f"served as {cloud.id}; the catalog has no price for {asked.day}"
    else:
        why = (
            f"served as {cloud.id}; a million tokens cost {price.prompt_per_million} (prompt), "
            f"{price.cached_per_million} (cached) and {price.generated_per_million} {price.currency} (generated)"
        )
    return Row(
        host=host.name,
        model=candidate.name,
        verdict=Verdict.FITS if served else Verdict.DOES_NOT_FIT,
        why=why,
        total_parameters=candidate.total_parameters,
        active_parameters=candidate.active_parameters,
        largest_context_tokens=cloud.context_tokens,
        price=price.as_dict() if price else None,
    )


def kind_text(total_parameters: int | None, active_parameters: int | None) -> str:
    """`dense 70.6 B`, or `30.5 B with 3.34 B active`."""
    if not total_parameters:
        return "size not known"
    if active_parameters in (None, total_parameters):
        return f"dense {parameters(total_parameters)}"
    return f"{parameters(total_parameters)} with {parameters(active_parameters)} active"


def speed_text(tokens_per_second: float, is_lower_bound: bool = False) -> str:
    """`2–3 tokens/s`: a prediction is no better than that."""
    whole = int(tokens_per_second)
    if is_lower_bound:
        return f"at least {number(tokens_per_second if whole < 1 else whole)} tokens/s"
    if whole < 1:
        return "less than 1 token/s"
    return f"{whole}–{whole + 1} tokens/s" if whole < 10 else f"{round(tokens_per_second)} tokens/s"
