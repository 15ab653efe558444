# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was really applied, as the engine itself says it: a sweep believes this, not what it asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import ChatError, EngineFailure

TIMEOUT_SECONDS = 10.0

_Ask = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Applied:
    """What an engine does not tell is None.

    `window_tokens` is what one request may fill. llama.cpp has divided it by the slots already. LM Studio and Ollama
    name the window they were asked for; that LM Studio shares it over `slots` shows only when several run at once.
    """

    template_sha256: str | None = None
    window_tokens: int | None = None
    slots: int | None = None
    build: str | None = None


class NotLoaded(EngineFailure):
    """The engine answers, and does not have this model in memory."""

    def __init__(self, model: str, there: list[str]) -> None:
        super().__init__(f"{model} is not loaded; loaded: {', '.join(there) or 'nothing'}.", "load it, by this name")


def read_back(base_url: str, api_key: str | None, engine: str, model: str) -> Applied:
    """Raises EngineFailure where the engine does not answer, or answers something else than its documentation says."""
    if engine not in _READERS:
        raise ChatError(f"There is no engine {engine!r}.", f"choose one of {', '.join(sorted(_READERS))}")
    import httpx

    root = base_url.rstrip("/").removesuffix("/v1")
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    with httpx.Client(
        headers=headers, trust_env=False, verify=root.startswith("https:"), timeout=TIMEOUT_SECONDS
    ) as client:

        def ask(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
            try:
                response = client.request("GET" if body is None else "POST", root + path, json=body)
                answer = response.raise_for_status().json()
            except httpx.HTTPStatusError as error:
                raise EngineFailure(f"{path} answered with status {error.response.status_code}.") from None
            except (httpx.HTTPError, ValueError, RecursionError) as error:
                raise EngineFailure(f"{path} cannot be read ({type(error).__name__}).") from None
            if not isinstance(answer, dict):
                raise EngineFailure(f"{path} did not answer with an object.")
            return answer

        return _READERS[engine](ask, model)


def _llama_cpp(ask: _Ask, model: str) -> Applied:
    props = ask("/props")
    settings = props.get("default_generation_settings")
    window = settings.get("n_ctx") if isinstance(settings, dict) else None
    return Applied(
        _sha256(props.get("chat_template")),
        _number(window),
        _number(props.get("total_slots")),
        _text(props, "build_info"),
    )


def _lm_studio(ask: _Ask, model: str) -> Applied:
    there = []
    for entry in _objects(ask("/api/v1/models").get("models")):
        for instance in _objects(entry.get("loaded_instances")):
            if model in (instance.get("id"), entry.get("key")):
                config = instance.get("config")
                config = config if isinstance(config, dict) else {}
                return Applied(None, _number(config.get("context_length")), _number(config.get("parallel")))
            there.append(str(instance.get("id")))
    raise NotLoaded(model, there)


def _ollama(ask: _Ask, model: str) -> Applied:
    there = []
    for running in _objects(ask("/api/ps").get("models")):
        name = str(running.get("name") or running.get("model"))
        if name in (model, f"{model}:latest"):
            shown = ask("/api/show", {"model": model})
            # A built-in renderer and parser take the template's place for the models that have one.
            parts = [part for key in ("template", "renderer", "parser") if (part := _text(shown, key))]
            window = _number(running.get("context_length"))
            return Applied(_sha256("\n".join(parts)), window, build=_text(ask("/api/version"), "version"))
        there.append(name)
    raise NotLoaded(model, there)


_READERS: dict[str, Callable[[_Ask, str], Applied]] = {
    "llama_cpp": _llama_cpp,
    "lm_studio": _lm_studio,
    "ollama": _ollama,
    "openai_compatible": lambda ask, model: Applied(),
}


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _text(answer: dict[str, Any], key: str) -> str | None:
    value = answer.get(key)
    return value if isinstance(value, str) and value else None


def _sha256(text: object) -> str | None:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest() if isinstance(text, str) and text else None
