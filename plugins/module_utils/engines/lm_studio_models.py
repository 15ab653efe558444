# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LM Studio's list of models (`/api/v1/models`), and which of them a GGUF file is: the list names no file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .base import EngineError, LoadFailed, LoadRequest
from .lm_studio_home import OURS, whole_number
from .weights import files_of

QUANTIZATION = re.compile(r"[.-](I?Q\d[_0-9A-Z]*|B?F16|F32|MXFP4)$", re.IGNORECASE)


@dataclass(frozen=True)
class LoadedModel:
    """One instance with what the list says of its load config; None where it says nothing."""

    id: str
    context_tokens: int | None
    parallel: int | None
    flash_attention: bool | None
    experts_used: int | None


@dataclass(frozen=True)
class Listed:
    """A model LM Studio has on disk. `size_bytes`: its files."""

    key: str
    publisher: str
    size_bytes: int | None
    loaded: tuple[LoadedModel, ...]


def read_models(answer: Any) -> list[Listed]:
    """The list as data. What cannot be read is refused, not skipped: it might hide a loaded model."""
    try:
        return [_listed(one) for one in answer["models"]]
    except (TypeError, KeyError) as error:
        raise EngineError(
            f"LM Studio's list of models cannot be read: {str(answer)[:120]}.",
            "update LM Studio to 0.4 or later, which has the REST API v1; is it LM Studio that listens there?",
        ) from error


def find(models: Sequence[Listed], request: LoadRequest) -> str | None:
    """The key of the requested file: by what was imported for it, else by the file's name and exact size."""
    size_bytes = _size_bytes(request.path)
    ours = [one for one in models if one.publisher == OURS and _is_called(one, request)]
    ours = ours or [one for one in models if one.publisher == OURS and size_bytes and one.size_bytes == size_bytes]
    found = ours or [one for one in models if _is_called(one, request) and one.size_bytes == size_bytes]
    if len(found) > 1:
        found = [one for one in found if one.size_bytes == size_bytes] or found
    keys = sorted({one.key for one in found})
    if len(keys) > 1:
        raise LoadFailed(
            f"LM Studio has several models that may be {request.name}: {', '.join(keys)}.",
            "set lms in lab_engine_options: its list names the files; or remove the others",
        )
    return keys[0] if keys else None


def imported(models: Sequence[Listed], links: Iterable[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Name and file of the models that the lab linked in, by LM Studio's key."""
    found = {}
    for name, file in links:
        try:
            key = find(models, LoadRequest(name, file, 0))
        except LoadFailed:
            continue
        if key is not None:
            found[key] = (name, file)
    return found


def _is_called(model: Listed, request: LoadRequest) -> bool:
    stem = os.path.basename(request.path).lower()
    stem = stem[: -len(".gguf")] if stem.endswith(".gguf") else stem
    base = model.key.lower().partition("@")[0].rpartition("/")[2]
    return base in {request.name.lower(), stem, QUANTIZATION.sub("", stem)} - {""}


def _size_bytes(path: str) -> int | None:
    try:
        return sum(os.path.getsize(one) for one in files_of(Path(path)))
    except OSError:
        return None


def _listed(plain: dict[str, Any]) -> Listed:
    loaded = tuple(_loaded(one) for one in plain["loaded_instances"])
    return Listed(_text(plain["key"]), str(plain.get("publisher")), whole_number(plain.get("size_bytes")), loaded)


def _loaded(plain: dict[str, Any]) -> LoadedModel:
    config = plain.get("config") if isinstance(plain, dict) else None
    config = config if isinstance(config, dict) else {}
    flash_attention = config.get("flash_attention")
    return LoadedModel(
        _text(plain["id"]),
        whole_number(config.get("context_length")),
        whole_number(config.get("parallel")),
        flash_attention if isinstance(flash_attention, bool) else None,
        whole_number(config.get("num_experts")),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
