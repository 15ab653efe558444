# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LM Studio 0.4 and later over its REST API v1, and its program `lms` where REST cannot (parallel, import).

A load of what is loaded is refused: REST and `lms` alike would put a second instance beside the first. A window is the
whole `context_length`, which the slots share (LM Studio's unified KV cache). Its KV type cannot be asked at all.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .. import gguf
from ..errors import LabError
from . import lm_studio_home
from .base import (
    Capabilities,
    Engine,
    EngineError,
    EngineUnreachable,
    Instance,
    LoadFailed,
    LoadRequest,
    OptionUnsupported,
    Settings,
    UnloadFailed,
)
from .lm_studio_models import Listed, LoadedModel, find, imported
from .lm_studio_program import Program
from .lm_studio_rest import Rest
from .options import kv_type, programs, slots, switch
from .weights import files_of

DEFAULT_PARALLEL = 4
UNLOAD_SECONDS = 60.0
INTERRUPTED_SECONDS = 5.0
TIMED_OUT = (socket.timeout, subprocess.TimeoutExpired)
LOOPBACK = ("127.0.0.1", "localhost")
PROCESSES = ("llmster", "lm-studio", "LM Studio")


class LmStudio(Engine):
    """Options: `lms` (its program), `home` (~/.lmstudio), and what the server tells nowhere: `parallel` (4),
    `kv_type`, `flash_attention`; `processes` to kill when it does not answer."""

    def __init__(self, base_url: str, options: dict[str, Any]) -> None:
        address = urlsplit(str(base_url))
        if address.hostname not in LOOPBACK or not address.port:
            raise EngineError(
                f"lm_studio is reached on a loopback port only, not on {base_url}.",
                "use http://127.0.0.1:<port> (1234 by default), and a tunnel where the controller is another machine",
            )
        self.port = address.port
        self.rest = Rest(self.port)
        self.base_url = self.rest.url
        self.home = Path(os.path.expanduser(str(options.get("home") or "~/.lmstudio")))
        self.lms = Program(str(options["lms"]), address.port) if options.get("lms") else None
        self.parallel = slots(options.get("parallel")) or DEFAULT_PARALLEL
        self.kv_type = kv_type(options.get("kv_type"))
        self.flash_attention = switch(options.get("flash_attention"))
        self.processes = programs(options.get("processes"), PROCESSES)
        self.capabilities = Capabilities(
            load=True,
            context=True,
            parallel=self.lms is not None,
            flash_attention=True,
            experts_used=True,
            reasoning_switch=True,
            download=self.lms is not None,
        )
        self._build: str | None = None

    def build(self) -> str:
        self.rest.greet()
        if self._build is None:
            server = self.lms.server() if self.lms else None
            runtime = self.lms.runtime() if self.lms else None
            runtime = runtime or lm_studio_home.runtime(self.home)
            self._build = f"{server or 'LM Studio'}, {runtime or 'unknown runtime'}"
        return self._build

    def settings(self) -> Settings:
        told = lm_studio_home.told(self.home, self.port)
        return Settings(
            bind_address=told.bind_address,
            jit_loading=told.jit_loading,
            auto_evict=told.auto_evict,
            default_context_tokens=told.default_context_tokens,
            parallel=self.parallel,
            kv_type=self.kv_type,
            flash_attention=self.flash_attention,
        )

    def loaded(self) -> list[Instance]:
        models = self.rest.models()
        if not any(model.loaded for model in models):
            return []
        ours = imported(models, lm_studio_home.our_links(self.home))
        return [self._instance(model, one, ours) for model in models for one in model.loaded]

    def serves(self, instance: Instance, request: LoadRequest) -> bool:
        models = self.rest.models()
        key = self._find(models, request)
        there = [one for model in models if model.key == key for one in model.loaded if one.id == instance.id]
        return len(there) == 1 and not self._differences(there[0], request) and self._as_by_default(there[0], request)

    def refuse_unsupported(self, request: LoadRequest) -> None:
        if self._needs_program(request) and self.lms is None:
            raise OptionUnsupported(
                f"LM Studio's REST API cannot ask for parallel = {request.parallel}; it serves with {self.parallel}.",
                "set lms in lab_engine_options (~/.lmstudio/bin/lms on most hosts), or use what it serves with",
            )
        super().refuse_unsupported(request)
        if self._needs_program(request) and (request.flash_attention != "auto" or request.experts_used is not None):
            raise OptionUnsupported(
                f"LM Studio takes parallel = {request.parallel} from lms only, and flash_attention and experts_used "
                "over REST only: not both in one load.",
                f"leave parallel at {self.parallel}, or leave the other two out",
            )

    def load(self, request: LoadRequest, timeout_seconds: float) -> Instance:
        self.refuse_unsupported(request)
        models = self.rest.models()
        key = self._find(models, request)
        before = {one.id: model.key for model in models for one in model.loaded}
        if key in before.values():
            again = ", ".join(one for one in before if before[one] == key)
            raise LoadFailed(f"{again} is loaded already.", "unload it first: a second instance would come beside it")
        if key is None:
            raise LoadFailed(
                f"LM Studio knows no model for {request.name} ({request.path}).",
                f"import it: lms import -y -L --user-repo {lm_studio_home.OURS}/{request.name} {request.path}",
            )
        try:
            self._ask_to_load(key, request, timeout_seconds)
            return self._only(key, request, set(before))
        except EngineUnreachable as error:
            left = self._clear_up(key, INTERRUPTED_SECONDS)
            if not isinstance(error.__cause__, TIMED_OUT):
                raise EngineUnreachable(f"{error.message}{left}", error.remedy) from error
            raise LoadFailed(
                f"LM Studio had not loaded {request.name} after {timeout_seconds:g} s.{left}",
                "raise timeout_seconds, or see LM Studio's log (lms log stream)",
            ) from error
        except EngineError as error:
            raise LoadFailed(f"{error.message}{self._clear_up(key, 0.0)}", error.remedy) from error
        except BaseException:
            self._clear_up(key, 0.0)
            raise

    def unload(self, instance_id: str) -> None:
        if instance_id not in [one.id for one in self.loaded()]:
            return
        self.rest.unload(instance_id, UNLOAD_SECONDS)
        end = time.monotonic() + UNLOAD_SECONDS
        while instance_id in [one.id for one in self.loaded()]:
            if time.monotonic() > end:
                raise UnloadFailed(
                    f"LM Studio still lists {instance_id} {UNLOAD_SECONDS:g} s after it was unloaded.",
                    "restart it: lms daemon down, then lms daemon up and lms server start",
                )
            time.sleep(0.1)

    def has(self, request: LoadRequest) -> bool:
        return self._find(self.rest.models(), request) is not None

    def add(self, request: LoadRequest, timeout_seconds: float) -> None:
        if self.has(request):
            return
        words = f"lms import -y -L --user-repo {lm_studio_home.OURS}/{request.name} {request.path}"
        if self.lms is None:
            raise OptionUnsupported(
                "LM Studio's REST API imports no file.", f"set lms in lab_engine_options, or: {words}"
            )
        end = time.monotonic() + timeout_seconds
        for file in map(str, files_of(Path(request.path))):
            if not lm_studio_home.is_linked(self.home, request.name, file):
                same_disk = lm_studio_home.on_same_disk(self.home, file)
                self.lms.link(file, f"{lm_studio_home.OURS}/{request.name}", same_disk)
        while not self.has(request):
            if time.monotonic() > end:
                raise EngineError(
                    f"{request.path} was linked into LM Studio's models and is not listed after {timeout_seconds:g} s.",
                    "restart it so that it reads its folder anew: lms daemon down, then lms daemon up",
                )
            time.sleep(0.2)

    def remove(self, request: LoadRequest) -> None:
        if not lm_studio_home.remove_links(self.home, request.name) and self.has(request):
            raise EngineError(
                f"LM Studio has {request.name} from elsewhere than {lm_studio_home.OURS}/{request.name}.",
                "remove it in LM Studio: the lab takes away only the links it made",
            )

    def _instance(self, model: Listed, loaded: LoadedModel, ours: dict[str, tuple[str, str]]) -> Instance:
        name, path = ours.get(model.key, (model.key, ""))
        return Instance(
            id=loaded.id,
            model=name,
            path=path,
            context_tokens=loaded.context_tokens or 0,
            parallel=loaded.parallel or self.parallel,
            chat_template_sha256=None,
            build=lm_studio_home.runtime(self.home),
            resident_bytes=model.size_bytes,  # its weights: LM Studio says no more, and the kernel cannot tell CUDA's
        )

    def _find(self, models: list[Listed], request: LoadRequest) -> str | None:
        if self.lms and request.path:
            named = self.lms.keys_of(request, lm_studio_home.models_folder(self.home))
            keys = [one.key for one in models if one.key in named]
            if len(set(keys)) == 1:
                return keys[0]
        return find(models, request)

    def _needs_program(self, request: LoadRequest) -> bool:
        return request.parallel != self.parallel

    def _ask_to_load(self, key: str, request: LoadRequest, timeout_seconds: float) -> None:
        if self.lms and self._needs_program(request):
            self.lms.load(key, request, lm_studio_home.models_folder(self.home), timeout_seconds)
            return
        self.rest.load(key, request, timeout_seconds)

    def _only(self, key: str, request: LoadRequest, before: set[str]) -> Instance:
        """The one instance that came, as asked; everything else is an error that names it."""
        models = self.rest.models()
        came = [(model, one) for model in models for one in model.loaded if one.id not in before]
        if len(came) > 1:
            raise LoadFailed(
                f"More than one instance came for {request.name}: {', '.join(one.id for _model, one in came)}.",
                "look for another client that loads models on this host, and turn JIT loading off",
            )
        if not came or came[0][0].key != key:
            raise LoadFailed(
                f"{request.name} was loaded and is gone again.",
                "was it killed for memory? look at dmesg and at LM Studio's log (lms log stream)",
            )
        wrong = self._differences(came[0][1], request)
        if wrong:
            raise LoadFailed(f"LM Studio loaded {key} with {wrong}.", "see what its log says of the load")
        return self._instance(*came[0], imported(models, lm_studio_home.our_links(self.home)))

    def _differences(self, loaded: LoadedModel, request: LoadRequest) -> str:
        found = []
        if loaded.context_tokens != request.context_tokens:
            found.append(f"a context of {loaded.context_tokens} tokens instead of {request.context_tokens}")
        if (loaded.parallel or self.parallel) != request.parallel:
            found.append(f"{loaded.parallel} slots instead of {request.parallel}")
        if request.flash_attention != "auto" and loaded.flash_attention is not (request.flash_attention == "on"):
            found.append(f"flash attention {loaded.flash_attention} instead of {request.flash_attention}")
        if request.experts_used is not None and loaded.experts_used != request.experts_used:
            found.append(f"{loaded.experts_used} experts used instead of {request.experts_used}")
        return ", ".join(found)

    def _as_by_default(self, loaded: LoadedModel, request: LoadRequest) -> bool:
        """Whether what the request leaves to LM Studio is as LM Studio would choose it, not as a load before asked."""
        unexpected = self.flash_attention == "off"  # on by default wherever the runtime has it
        if request.flash_attention == "auto" and loaded.flash_attention is unexpected:
            return False
        if request.experts_used is None and loaded.experts_used is not None:
            try:
                return gguf.read_model(request.path).integer("expert_used_count") == loaded.experts_used
            except LabError:
                return False
        return True

    def _clear_up(self, key: str, wait_seconds: float) -> str:
        """Unload what a failed load left, also what is listed only a moment later; says what was and what stays."""
        end = time.monotonic() + wait_seconds
        try:
            while True:
                left = [one.id for model in self.rest.models() if model.key == key for one in model.loaded]
                for instance_id in left:
                    self.unload(instance_id)
                if left or time.monotonic() >= end:
                    return f" Unloaded again: {', '.join(left)}." if left else ""
                time.sleep(0.2)
        except EngineError as error:
            return f" What it left could not be unloaded: {error.message}"
