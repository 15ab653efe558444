# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ollama: loads by a request without a prompt, and tells in `/api/ps` what it made of it.

A runner belongs to the file, not to the name. So a model is unloaded before it is made anew or removed: afterwards its
name no longer leads to what is loaded, and only a restart of the server would end it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import ollama_answers as answers
from . import options
from .base import (
    Capabilities,
    Engine,
    EngineError,
    EngineRefused,
    EngineUnreachable,
    Instance,
    LoadFailed,
    LoadRequest,
    OptionUnsupported,
    Settings,
    UnloadFailed,
)
from .listener import listener
from .loopback import request_json
from .ollama_blobs import bring
from .weights import files_of, sha256_of

ANSWER_SECONDS = 30.0  # for what only has to be looked up; a load holds other calls up
POLL_SECONDS = 0.1
FOR_EVER = -1
ENVIRONMENT = ("OLLAMA_", "HOME")
FALSE = ("0", "f", "false")
RESTART = "restart Ollama: systemctl restart ollama, or brew services restart ollama"


class Ollama(Engine):
    """Options: `kv_type`, `flash_attention`, `parallel` as the server was configured; `processes`.

    They stand for OLLAMA_KV_CACHE_TYPE, OLLAMA_FLASH_ATTENTION and OLLAMA_NUM_PARALLEL, which the API does not tell.
    What the environment of the running server says, where it may be read, is believed before them.
    """

    capabilities = Capabilities(load=True, context=True, reasoning_switch=True, download=True)
    unload_seconds = 60.0

    def __init__(self, base_url: str, engine_options: dict[str, Any]) -> None:
        address = urlsplit(str(base_url))
        if address.scheme != "http" or not address.hostname:
            raise EngineError(f"{base_url} is not an address of Ollama.", "use http://127.0.0.1:11434")
        self.url = self.base_url = str(base_url).rstrip("/")
        self.port = address.port or 80
        self.kv_type = options.kv_type(engine_options.get("kv_type"))
        self.flash_attention = options.switch(engine_options.get("flash_attention"))
        self.parallel = options.slots(engine_options.get("parallel"))
        # The runner outlives a server that is killed, so it comes first.
        self.processes = options.programs(engine_options.get("processes"), ("llama-server", "ollama"))

    def build(self) -> str:
        answer = self._ask("GET", "/api/version")
        version = answer.get("version") if isinstance(answer, dict) else None
        if not isinstance(version, str):
            raise EngineUnreachable(f"{self.url} is not Ollama.", "correct the engine's base_url")
        return f"ollama {version}"

    def loaded(self) -> list[Instance]:
        there = self._running()
        if not there:
            return []
        build, parallel = self.build(), self.settings().parallel or 1
        known = answers.digests(self._ask("GET", "/api/tags"))
        return [self._instance(one, build, parallel, known) for one in there]

    def serves(self, instance: Instance, request: LoadRequest) -> bool:
        """Also false for a model that would go when it is idle, as another client may have loaded it."""
        try:
            self.refuse_unsupported(request)
        except OptionUnsupported:
            return False
        stays = any(one.name == instance.id and _stays(one) for one in self._running())
        return stays and not self._differences(instance, request)

    def load(self, request: LoadRequest, timeout_seconds: float) -> Instance:
        self.refuse_unsupported(request)
        name = answers.full_name(request.name)
        before = {answers.full_name(one.name) for one in self._running()}
        if name in before:
            raise LoadFailed(f"{request.name} is loaded already.", "unload it first: one model at a time")
        begin = time.monotonic()
        try:
            self._start(request, timeout_seconds)
            return self._verified(request, before)
        except EngineUnreachable as error:
            self._clear(before, name)
            if time.monotonic() - begin < timeout_seconds:
                raise
            raise LoadFailed(
                f"Ollama had not loaded {request.name} after {timeout_seconds:g} s.",
                "raise timeout_seconds, or read Ollama's log (journalctl -u ollama)",
            ) from error
        except BaseException:
            self._clear(before, name)
            raise

    def unload(self, instance_id: str) -> None:
        name = answers.full_name(instance_id)
        try:
            self._ask("POST", "/api/generate", {"model": instance_id, "keep_alive": 0, "stream": False})
        except EngineRefused as error:
            if error.status != 404:
                raise
        end = time.monotonic() + self.unload_seconds
        while there := [one for one in self._running() if answers.full_name(one.name) == name]:
            if not self._is_current(there[0], answers.digests(self._ask("GET", "/api/tags"))):
                raise UnloadFailed(
                    f"{instance_id} was made anew or deleted while it was loaded: its name no longer leads to it.",
                    RESTART,
                )
            if time.monotonic() > end:
                raise UnloadFailed(
                    f"Ollama still lists {instance_id} {self.unload_seconds:g} s after it was unloaded.",
                    f"end the requests that keep it busy, or {RESTART}",
                )
            time.sleep(POLL_SECONDS)

    def settings(self) -> Settings:
        server = listener(self.port, "ollama", ENVIRONMENT)
        settings = Settings(
            bind_address=server.address if server else None,
            jit_loading=True,
            auto_evict=True,
            parallel=self.parallel,
            kv_type=self.kv_type,
            flash_attention=self.flash_attention,
        )
        told = server.environment if server else None
        return settings if told is None else _as_told(settings, told)

    def has(self, request: LoadRequest) -> bool:
        """By name, and by the file where there is one; a split file is put together by Ollama and cannot be told."""
        try:
            shown = self._show(request.name)
        except EngineRefused as error:
            if error.status == 404:
                return False
            raise
        return self._same_weights(answers.weights(shown)[1], request.path)

    def add(self, request: LoadRequest, timeout_seconds: float) -> None:
        self.unload(request.name)
        folders = self._blob_folders()
        files = files_of(Path(request.path))
        named = {file.name: bring(self.url, file, folders, timeout_seconds) for file in files}
        body = {"model": request.name, "files": named, "stream": False}
        answer = self._ask("POST", "/api/create", body, timeout_seconds)
        if not isinstance(answer, dict) or answer.get("status") != "success" or not self.has(request):
            raise EngineError(f"Ollama did not make {request.name} of {request.path}.", "read Ollama's log")

    def remove(self, request: LoadRequest) -> None:
        self.unload(request.name)
        try:
            self._ask("DELETE", "/api/delete", {"model": request.name})
        except EngineRefused as error:
            if error.status != 404:
                raise

    def _start(self, request: LoadRequest, timeout_seconds: float) -> None:
        # `shift` belongs to the runner: a chat with another one than the load's would load the model anew.
        body = {
            "model": request.name,
            "keep_alive": FOR_EVER,
            "stream": False,
            "shift": False,
            "options": {"num_ctx": request.context_tokens},
        }
        try:
            self._ask("POST", "/api/generate", body, timeout_seconds)
        except EngineRefused as error:
            remedy = "read Ollama's log (journalctl -u ollama): memory, or a model of another kind"
            if error.status == 404:
                remedy = f"make it known to Ollama: local_llm.lab.model with name={request.name} and state=present"
            raise LoadFailed(f"Ollama could not load {request.name}: {error.reason}.", remedy) from error

    def _verified(self, request: LoadRequest, before: set[str]) -> Instance:
        there = [one for one in self.loaded() if answers.full_name(one.id) not in before]
        names = ", ".join(one.id for one in there) or "nothing"
        if len(there) != 1:
            raise LoadFailed(
                f"After the load of {request.name} Ollama has loaded {names}.",
                "look for another client that loads models on this host, and for another name of the same file",
            )
        if not there[0].context_tokens:
            raise LoadFailed(
                f"This {there[0].build} does not tell the context it loaded {request.name} with.",
                "update Ollama to 0.10 or newer",
            )
        if wrong := self._differences(there[0], request):
            raise LoadFailed(
                f"{request.name} was loaded otherwise than asked: {wrong}.",
                "a model is never loaded with more context than it was trained for: ollama show tells it",
            )
        return there[0]

    def _clear(self, before: set[str], asked: str) -> None:
        """After a failed load: unload what is new. The failure itself is what the user must read."""
        with contextlib.suppress(EngineError):
            self.unload(asked)
            for one in self._running():
                if answers.full_name(one.name) not in before:
                    self.unload(one.name)

    def _instance(self, one: answers.Running, build: str, parallel: int, known: dict[str, str]) -> Instance:
        """What is loaded under a name that stands for something else by now has no path."""
        current = self._is_current(one, known)
        try:
            shown = self._show(one.name) if current else {}
        except EngineRefused:
            current, shown = False, {}  # deleted since
        template = answers.template_text(shown)
        return Instance(
            id=one.name,
            model=answers.short_name(one.name),
            path=answers.weights(shown)[0],
            context_tokens=one.context_tokens or 0,
            parallel=parallel,
            chat_template_sha256=hashlib.sha256(template.encode()).hexdigest() if template else None,
            build=build,
            resident_bytes=one.size_bytes,
            gpu_bytes=one.gpu_bytes,
            ready=current,
        )

    @staticmethod
    def _is_current(one: answers.Running, known: dict[str, str]) -> bool:
        return known.get(answers.full_name(one.name)) == one.digest

    def _differences(self, instance: Instance, request: LoadRequest) -> str:
        found = []
        if not instance.ready or answers.full_name(instance.id) != answers.full_name(request.name):
            found.append(f"the model {instance.id}")
        if instance.context_tokens != request.context_tokens:
            found.append(f"context of {instance.context_tokens} tokens instead of {request.context_tokens}")
        if not self._same_weights(instance.path[-64:], request.path):
            found.append(f"another file than {request.path}")
        return ", ".join(found)

    @staticmethod
    def _same_weights(sha256: str, path: str) -> bool:
        """True as well where it cannot be told."""
        files = files_of(Path(path))
        return not sha256 or not path or len(files) > 1 or not files[0].is_file() or sha256_of(files[0]) == sha256

    def _blob_folders(self) -> list[Path]:
        """Where the server keeps its weights, as its environment or a model it has tells; perhaps nowhere known."""
        server = listener(self.port, "ollama", ENVIRONMENT)
        told = (server.environment if server else None) or {}
        folders = []
        if "OLLAMA_MODELS" in told or "HOME" in told:
            models = told.get("OLLAMA_MODELS") or os.path.join(told["HOME"], ".ollama", "models")
            folders.append(Path(models, "blobs"))
        for name in list(answers.digests(self._ask("GET", "/api/tags")))[:1]:
            folders.append(Path(answers.weights(self._show(name))[0]).parent)
        return [folder for folder in folders if folder.is_absolute() and folder.is_dir()]

    def _show(self, name: str) -> Any:
        return self._ask("POST", "/api/show", {"model": name})

    def _running(self) -> list[answers.Running]:
        return answers.running(self._ask("GET", "/api/ps"))

    def _ask(self, method: str, path: str, body: Any = None, timeout_seconds: float = ANSWER_SECONDS) -> Any:
        return request_json(method, f"{self.url}{path}", timeout_seconds, body)


def _stays(one: answers.Running) -> bool:
    return one.expires_year > datetime.now(timezone.utc).year + answers.YEARS_FOR_EVER


def _as_told(settings: Settings, told: dict[str, str]) -> Settings:
    """What the server's own environment says; a variable that is not there has Ollama's default."""
    switch = told.get("OLLAMA_FLASH_ATTENTION", "").lower()
    context = told.get("OLLAMA_CONTEXT_LENGTH", "")
    slots = told.get("OLLAMA_NUM_PARALLEL", "")
    return replace(
        settings,
        default_context_tokens=int(context) if context.isdigit() and int(context) else None,
        parallel=int(slots) if slots.isdigit() and int(slots) else settings.parallel,
        kv_type=told.get("OLLAMA_KV_CACHE_TYPE") or "f16",
        flash_attention="auto" if not switch else "off" if switch in FALSE else "on",
    )
