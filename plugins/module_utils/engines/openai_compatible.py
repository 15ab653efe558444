# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud, or any server with OpenAI's API: nothing is loaded or unloaded; a model is there or it is not."""

from __future__ import annotations

import difflib
import stat
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from .base import (
    Capabilities,
    Engine,
    EngineError,
    EngineRefused,
    EngineUnreachable,
    Instance,
    LoadFailed,
    LoadRequest,
)
from .loopback import request_json

LOOPBACK = ("127.0.0.1", "::1", "localhost")
NOT_OFFERED = (404, 405, 501)
CLOSE_NAMES = 3
ANSWER_SECONDS = 30.0


class OpenAICompatible(Engine):
    """Option: `api_key_file`, a file only its owner may read; without it no key is sent."""

    capabilities = Capabilities(reasoning_switch=True)

    def __init__(self, base_url: str, options: dict[str, Any]) -> None:
        address = urlsplit(str(base_url))
        if address.scheme not in ("http", "https") or not address.hostname or address.username:
            raise EngineError(
                "The address of an openai_compatible host is not a plain http or https URL.",
                "use for example https://api.example.com/v1, and api_key_file for the key",
            )
        self.url = self.base_url = str(base_url).rstrip("/") + ("" if address.path.strip("/") else "/v1")
        self.host = address.hostname
        self.key_file = options.get("api_key_file")
        self.in_clear = address.scheme == "http" and self.host not in LOOPBACK

    def build(self) -> str:
        self._models(ANSWER_SECONDS)
        return f"openai_compatible {self.host}"

    def loaded(self) -> list[Instance]:
        return []

    def serves(self, instance: Instance, request: LoadRequest) -> bool:
        return instance.model == request.name and instance.context_tokens == request.context_tokens

    def load(self, request: LoadRequest, timeout_seconds: float) -> Instance:
        """See that the model is offered. Its window is not told by this API: the asked one is believed."""
        self.refuse_unsupported(request)
        try:
            listed = self._models(timeout_seconds)
            if listed is not None and request.name not in listed:
                raise _not_offered(request.name, self.host, listed)
        except EngineRefused as error:
            raise LoadFailed(f"{self.host} does not offer {request.name}: {error.reason}", error.remedy) from error
        return Instance(
            id=request.name,
            model=request.name,
            path="",
            context_tokens=request.context_tokens,
            parallel=request.parallel,
            chat_template_sha256=None,
            build=f"openai_compatible {self.host}",
        )

    def unload(self, instance_id: str) -> None:
        """There is nothing to unload."""

    def _models(self, timeout_seconds: float) -> list[str] | None:
        """What the endpoint offers, page by page; None where it has no list."""
        names: list[str] = []
        query = ""
        while True:
            try:
                answer = self._get(f"/models{query}", timeout_seconds)
            except EngineRefused as error:
                if error.status in NOT_OFFERED:
                    return None
                raise
            page = _names(answer)
            if page is None:
                raise EngineUnreachable(
                    f"{self.url}/models is not a list of models.", "correct the host's base_url; it ends in /v1"
                )
            names += page
            if not answer.get("has_more") or not page or page[-1] in names[: -len(page)]:
                return names
            query = f"?after_id={quote(page[-1], safe='')}"

    def _get(self, path: str, timeout_seconds: float) -> Any:
        key = self._key()
        headers = {"User-Agent": "local_llm.lab", **({"Authorization": f"Bearer {key}"} if key else {})}
        try:
            return request_json("GET", self.url + path, timeout_seconds, headers=headers)
        except EngineRefused as error:
            reason = error.reason.replace(key, "(the key)") if key else error.reason
            raise EngineRefused(error.status, reason, self._remedy(error.status)) from None

    def _remedy(self, status: int) -> str:
        if status in (401, 403):
            return f"put a valid key into {self.key_file}" if self.key_file else "set the engine option api_key_file"
        if status == 429:
            return "wait, or raise this account's rate limit"
        return "see the provider's status page"

    def _key(self) -> str | None:
        if not self.key_file:
            return None
        file = Path(str(self.key_file))
        if self.in_clear:
            raise EngineError(
                f"The key in {file} would travel to {self.host} unencrypted.", "use an https address, or a tunnel"
            )
        try:
            open_to_others = stat.S_IMODE(file.stat().st_mode) & 0o077
            key = file.read_text().strip()
        except (OSError, ValueError) as error:
            raise EngineError(
                f"The key file {file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.",
                "correct api_key_file",
            ) from None
        if open_to_others:
            raise EngineError(f"The key file {file} is readable by others than its owner.", f"chmod 600 {file}")
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise EngineError(f"The key file {file} does not hold one key and nothing else.", "write the key into it")
        return key


def _names(answer: Any) -> list[str] | None:
    listed = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        return None
    return [one["id"] for one in listed if isinstance(one, dict) and isinstance(one.get("id"), str)]


def _not_offered(name: str, host: str, listed: list[str]) -> LoadFailed:
    close = difflib.get_close_matches(name, listed, CLOSE_NAMES)
    remedy = f"did you mean {' or '.join(close)}?" if close else f"choose one of the {len(listed)} models it lists"
    return LoadFailed(f"{host} does not offer the model {name}.", remedy)
