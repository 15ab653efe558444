# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""llama.cpp's router: a llama-server that runs already, and starts a process per model when it is asked to.

A load is asynchronous, and a failed one is a model that is `unloaded` again with an exit code. Its load config comes
from the router's presets file (INI): where that is ours to write, it is written before the load and read anew.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .. import processes
from ..files import write_whole
from . import llama_cpp_log
from .base import (
    Capabilities,
    Engine,
    EngineError,
    EngineRefused,
    Instance,
    LoadFailed,
    LoadRequest,
    OptionUnsupported,
    Settings,
    UnloadFailed,
)
from .llama_cpp_program import ONE_PROCESS, SWITCHED_OFF, load_options
from .llama_cpp_readback import differences, instance_from, loopback_port
from .loopback import get_json, request_json
from .options import programs

ANSWER_SECONDS = 30.0
UNLOAD_SECONDS = 60.0
POLL_SECONDS = 0.1
LOAD_CONFIG = {
    "--ctx-size", "--parallel", "--cache-type-k", "--cache-type-v", "--flash-attn", "--threads", "--threads-batch",
    "--override-kv", "--chat-template-file", "--spec-type", "--model-draft", "--cache-type-k-draft",
    "--cache-type-v-draft",
}  # fmt: skip
RUNNING = ("loading", "loaded", "sleeping")
BAD_IN_A_NAME = "[]\r\n,;#="


class LlamaCppRouter(Engine):
    """Options: `presets_file` (what the router was started with as --models-preset; ours to write), `threads`."""

    def __init__(self, base_url: str, options: dict[str, Any]) -> None:
        self.port = loopback_port(base_url)
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.presets_file = Path(str(options["presets_file"])) if options.get("presets_file") else None
        self.threads = int(options.get("threads") or 0)
        self.processes = programs(options.get("processes"), ("llama-server",))
        self.capabilities = Capabilities(load=True, reasoning_switch=True)
        if self.presets_file:
            self.capabilities = replace(ONE_PROCESS, experts_used=True)

    def build(self) -> str:
        return f"llama-server {self._router()['build_info']} (router)"

    def settings(self) -> Settings:
        router = self._router()
        return Settings(
            bind_address="127.0.0.1",
            jit_loading=bool(router.get("models_autoload")),
            auto_evict=bool(router.get("max_instances")),
        )

    def loaded(self) -> list[Instance]:
        return [self._instance(model) for model in self._models() if model["status"]["value"] in RUNNING]

    def serves(self, instance: Instance, request: LoadRequest) -> bool:
        if not instance.ready or differences(instance, request):
            return False
        model = self._model(instance.id)
        if model is None or self.presets_file is None:
            return model is not None
        arguments = {(name, value) for name, value in _arguments(model) if name in LOAD_CONFIG}
        wanted = {(f"--{name}", value) for name, value in load_options(self._spec(request)).items()}
        if request.chat_template is not None:
            wanted.add(("--chat-template-file", str(self._template_file())))
        return arguments == wanted

    def load(self, request: LoadRequest, timeout_seconds: float) -> Instance:
        self.refuse_unsupported(request)
        if not self.has(request):
            raise LoadFailed(
                f"The router knows no model {request.name} ({request.path}).",
                "put the file into its --models-dir, or set presets_file in lab_engine_options",
            )
        if self.presets_file:
            self._write_preset(request)
        model = self._find(self._models(reload=True), request)
        if model is None:
            raise LoadFailed(
                f"The router does not know {request.name} after {self.presets_file} was written.",
                f"start it with: llama-server --models-preset {self.presets_file}",
            )
        name = str(model["id"])
        try:
            request_json("POST", f"{self.base_url}/models/load", ANSWER_SECONDS, {"model": name})
        except EngineRefused as error:
            raise LoadFailed(f"The router refuses to load {name}: {error.reason}", "read the router's log") from error
        self._wait_until_ready(name, timeout_seconds)
        instance = next((one for one in self.loaded() if one.id == name), None)
        wrong = differences(instance, request) if instance and instance.ready else "it is gone again"
        if instance is None or wrong:
            raise LoadFailed(
                f"{request.name} was loaded otherwise than asked: {wrong}.",
                "set presets_file in lab_engine_options, so that its load config can be asked; read the router's log",
            )
        return instance

    def unload(self, instance_id: str) -> None:
        """Ask for it and wait until the model's process is gone."""
        model = self._model(instance_id)
        if model is None or model["status"]["value"] not in RUNNING:
            return
        pids = self._pids(model)
        try:
            request_json("POST", f"{self.base_url}/models/unload", ANSWER_SECONDS, {"model": instance_id})
        except EngineRefused as error:
            model = self._model(instance_id)
            if model is not None and model["status"]["value"] in RUNNING:
                raise UnloadFailed(
                    f"The router refuses to unload {instance_id}: {error.reason}", "restart the router"
                ) from error
        if not _within(UNLOAD_SECONDS, lambda: self._is_gone(instance_id, pids)):
            raise UnloadFailed(
                f"{instance_id} is still there {UNLOAD_SECONDS:g} s after the router was asked to unload it.",
                "restart the router",
            )

    def has(self, request: LoadRequest) -> bool:
        if self.presets_file:
            return os.path.isfile(request.path)
        return self._find(self._models(reload=True), request) is not None

    def add(self, request: LoadRequest, timeout_seconds: float) -> None:
        raise OptionUnsupported(
            "The router brings no models.", "put the file into its --models-dir, or set presets_file"
        )

    def _router(self) -> dict[str, Any]:
        props = get_json(f"{self.base_url}/props", ANSWER_SECONDS)
        if props.get("role") != "router":
            raise EngineError(
                f"What serves on {self.base_url} is no llama.cpp router.",
                "start llama-server without a model, or set server in place of router in lab_engine_options",
            )
        return props

    def _models(self, reload: bool = False) -> list[dict[str, Any]]:
        query = "?reload=1" if reload else ""
        answer = request_json("GET", f"{self.base_url}/models{query}", ANSWER_SECONDS)
        try:
            return [model for model in answer["data"] if model["status"]["value"]]
        except (TypeError, KeyError) as error:
            raise EngineError(
                f"The list of models on {self.base_url} is not a router's: {str(answer)[:120]}.",
                "start llama-server without a model, or set server in place of router in lab_engine_options",
            ) from error

    def _model(self, name: str) -> dict[str, Any] | None:
        return next((one for one in self._models() if one["id"] == name), None)

    def _find(self, models: list[dict[str, Any]], request: LoadRequest) -> dict[str, Any] | None:
        """By its name, or else by its file."""
        path = os.path.realpath(request.path)
        named = [one for one in models if request.name in (one["id"], *one.get("aliases", ()))]
        filed = [one for one in models if os.path.realpath(_value(one, "--model", "-m")) == path]
        return next(iter([*named, *filed]), None)

    def _instance(self, model: dict[str, Any]) -> Instance:
        name, path = str(model["id"]), _value(model, "--model", "-m")
        if model["status"]["value"] == "loaded":
            try:
                url = f"{self.base_url}/props?model={quote(name, safe='')}&autoload=false"
                props = request_json("GET", url, ANSWER_SECONDS)
                resident = [processes.resident_bytes(pid) or 0 for pid in self._pids(model)]
                build = str(props.get("build_info"))
                return instance_from({**props, "model_alias": name}, name, build, sum(resident) or None, None)
            except EngineError:
                pass  # it may have ended just now; if so the next list says it
        return Instance(name, name, path, 0, 0, None, None, ready=False)

    def _wait_until_ready(self, name: str, timeout_seconds: float) -> None:
        end = time.monotonic() + timeout_seconds
        while True:
            model = self._model(name)
            status = model["status"] if model else {"value": "gone"}
            if status["value"] == "loaded":
                return
            if status["value"] not in RUNNING:
                raise LoadFailed(
                    f"The process of {name} ended with code {status.get('exit_code', 'unknown')} while loading.",
                    "read the router's log; is the file a whole GGUF of an architecture this build knows?",
                )
            if time.monotonic() > end:
                raise LoadFailed(
                    f"{name} was not ready after {timeout_seconds:g} s.",
                    "raise timeout_seconds or read the router's log",
                )
            time.sleep(POLL_SECONDS)

    def _is_gone(self, name: str, pids: list[int]) -> bool:
        model = self._model(name)
        return (model is None or model["status"]["value"] not in RUNNING) and not any(map(processes.started, pids))

    def _pids(self, model: dict[str, Any]) -> list[int]:
        """The model's process: the one that was started with exactly these arguments."""
        return processes.with_arguments([str(one) for one in model["status"].get("args") or ()])

    def _spec(self, request: LoadRequest) -> dict[str, Any]:
        paths = {"path": os.path.realpath(request.path), "draft_path": os.path.realpath(request.draft_path)}
        return {**asdict(request), **paths, "threads": self.threads}

    def _template_file(self) -> Path:
        return Path(str(self.presets_file)).with_suffix(".jinja")

    def _write_preset(self, request: LoadRequest) -> None:
        """One section, for this model: what the file said of another is not needed any more, and would be offered."""
        if set(BAD_IN_A_NAME) & set(request.name):
            raise EngineError(f"{request.name!r} cannot be a section of an INI file.", f"leave out {BAD_IN_A_NAME!r}")
        presets_file = Path(str(self.presets_file))
        spec = self._spec(request)
        lines = {"model": spec["path"], **load_options(spec), "jinja": "true"}
        lines.update({name[2:]: value for name, value in SWITCHED_OFF.items()})
        lines["verbosity"] = str(llama_cpp_log.VERBOSITY)
        try:
            if request.chat_template is not None:
                write_whole(self._template_file(), request.chat_template.encode())
                lines["chat-template-file"] = str(self._template_file())
            text = "".join(f"{name} = {value}\n" for name, value in lines.items())
            write_whole(presets_file, f"version = 1\n\n[{request.name}]\n{text}".encode())
        except OSError as error:
            raise EngineError(
                f"The router's presets file {presets_file} cannot be written: {error.strerror}.",
                "choose one in a folder of the user that loads models",
            ) from error


def _arguments(model: dict[str, Any]) -> set[tuple[str, str]]:
    arguments = [str(one) for one in model["status"].get("args") or ()]
    return set(zip(arguments, arguments[1:]))


def _value(model: dict[str, Any], *names: str) -> str:
    return next((value for name, value in sorted(_arguments(model)) if name in names), "")


def _within(seconds: float, done: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True
