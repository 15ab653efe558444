# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ollama's answers say, as far as they can be trusted, and the names it gives to models."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .base import EngineError

LIBRARY = ("registry.ollama.ai/", "library/")
WEIGHTS = re.compile(r"^FROM\s+(\S.*/sha256[-:]([0-9a-fA-F]{64}))\s*$", re.MULTILINE)
YEARS_FOR_EVER = 50
TEXTS_OF_A_TEMPLATE = ("template", "renderer", "parser")  # a built-in renderer and parser take the template's place


@dataclass(frozen=True)
class Running:
    """One model of `/api/ps`; None is what an older server does not tell. `expires_year` 0: it does not tell."""

    name: str
    digest: str
    size_bytes: int | None
    gpu_bytes: int | None
    context_tokens: int | None
    expires_year: int


def full_name(name: str) -> str:
    """The name as Ollama lists it: without the library's own prefix, with a tag, in one case."""
    for prefix in LIBRARY:
        name = name.removeprefix(prefix)
    return (name if ":" in name.rpartition("/")[2] else f"{name}:latest").casefold()


def short_name(name: str) -> str:
    return name.removesuffix(":latest")


def running(answer: Any) -> list[Running]:
    """What `/api/ps` lists; EngineError when it is not what Ollama answers, for then nothing is known."""
    listed = answer.get("models") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        raise EngineError("What answers at this address is not Ollama.", "correct the engine's base_url")
    found = []
    for one in listed:
        name = isinstance(one, dict) and (_text(one, "name") or _text(one, "model"))
        if not name:
            raise EngineError("Ollama lists a model without a name.", "look at /api/ps of the server")
        year = _text(one, "expires_at")[:4]
        found.append(
            Running(
                name=name,
                digest=_text(one, "digest"),
                size_bytes=_count(one, "size"),
                gpu_bytes=_count(one, "size_vram"),
                context_tokens=_count(one, "context_length") or None,
                expires_year=int(year) if year.isascii() and year.isdigit() else 0,
            )
        )
    return found


def digests(answer: Any) -> dict[str, str]:
    """The digest of each model that `/api/tags` lists, by its full name."""
    listed = answer.get("models") if isinstance(answer, dict) else None
    models = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {full_name(_text(one, "name") or _text(one, "model")): _text(one, "digest") for one in models}


def weights(shown: Any) -> tuple[str, str]:
    """The file a model of `/api/show` is read from, and the SHA-256 in its name; empty where it is not told."""
    found = WEIGHTS.search(_text(shown, "modelfile"))
    return (found[1], found[2].lower()) if found else ("", "")


def template_text(shown: Any) -> str:
    return "\n".join(text for key in TEXTS_OF_A_TEMPLATE if (text := _text(shown, key)))


def _text(answer: Any, key: str) -> str:
    value = answer.get(key) if isinstance(answer, dict) else None
    return value if isinstance(value, str) else ""


def _count(answer: dict[str, Any], key: str) -> int | None:
    value = answer.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
