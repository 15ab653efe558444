# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator of LM Studio's REST v1 server, from its published docs (`1_developer/2_rest` of lmstudio-ai/docs at
c6854fb), its program's source (lmstudio-ai/lms at 07b7252) and its bug tracker.

What matters is done as LM Studio does it: a load is never idempotent (a second one is `key:2`: bug tracker 168, 1582),
an unknown path answers 200 (1680), a chat to a model that is not loaded loads it with the default context and unloads
the one a chat loaded before (docs, headless and ttl-and-auto-evict), `parallel` cannot be asked over REST and is 4.
Guesses, as nothing published says: the status and fields of a refusal, and how a key is made of a file's name.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from .lm_studio_server import Server, refusal
from .model_process import ModelProcess
from .wires import Said

FAULTS = (
    "second_instance",
    "memory_kept",
    "slow_unload",
    "jit_default_context",
    "oom_kill",
    "hang_in_load",
    "hang_in_stream",
    "wrong_context",
)
SLOW_UNLOAD_SECONDS = 1.0
MIB = 1024 * 1024
QUANTIZATION = re.compile(r"[.-]I?Q\d[_0-9A-Za-z]*$", re.IGNORECASE)


@dataclass(frozen=True)
class Model:
    """A model on LM Studio's disk. `path` is relative to its models folder."""

    key: str
    path: str = ""
    resident_bytes: int = 16 * MIB
    size_bytes: int = 16 * MIB
    publisher: str = "lmstudio-community"
    max_context_length: int = 131072
    experts_used: int | None = None


@dataclass
class Loaded:
    """One instance; its memory is the process's. `by_chat`: a chat loaded it, so the next such load evicts it."""

    id: str
    model: Model
    config: dict[str, Any]
    process: ModelProcess
    by_chat: bool = False


@dataclass
class LmStudio:
    """A context manager on a free loopback port; `faults` may change at any time and holds names of FAULTS.

    With a `home` (LM Studio's `~/.lmstudio`) the settings files are written there, and models linked into its models
    folder are found as LM Studio finds them; `tests/fakes/lms.py` is its program.
    """

    models: Sequence[Model] = ()
    reply: Callable[[dict[str, Any]], Sequence[Said]] = lambda body: (Said(text="Yes."),)
    faults: set[str] = field(default_factory=set)
    home: Path | None = None
    jit_loading: bool = True
    auto_evict: bool = True
    default_context_tokens: int = 4096
    parallel: int = 4
    flash_attention: bool = True
    beta_names: bool = False  # the beta's docs said model_instance_id
    downloadable: Sequence[Model] = ()
    requests: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def resident(self) -> list[str]:
        """The keys of the models whose process is alive: what the host's memory says, whatever the API says."""
        with self._lock:
            return [one.model.key for one in [*self._instances, *self._unlisted] if one.process.alive()]

    def instances(self) -> list[Loaded]:
        """What the API says is loaded; an instance whose process died is gone from it."""
        with self._lock:
            self._instances = [one for one in self._instances if one.process.alive()]
            return list(self._instances)

    def known(self) -> list[Model]:
        """The models given and downloaded, and the files in the models folder."""
        known = [*self.models, *self._downloaded]
        for file in sorted(self._models_folder.glob("*/*/*.gguf")) if self.home else ():
            path = str(file.relative_to(self._models_folder))
            key = QUANTIZATION.sub("", file.stem).lower()
            if any(one.key == key for one in known):
                key = f"{file.parts[-3]}/{key}"
            if all(one.path != path for one in known):
                known.append(Model(key, path, size_bytes=file.stat().st_size, publisher=file.parts[-3]))
        return known

    def advance_download(self, job_id: str, downloaded_bytes: int) -> None:
        """A download stays where it is until a test moves it on; whole, the model is there."""
        with self._lock:
            model, _before = self._downloads[job_id]
            self._downloads[job_id] = (model, min(downloaded_bytes, model.size_bytes))
            if downloaded_bytes >= model.size_bytes:
                self._downloaded.append(model)

    def __enter__(self) -> LmStudio:
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._instances: list[Loaded] = []
        self._unlisted: list[Loaded] = []  # unloaded as the API says, with a living process
        self._downloads: dict[str, tuple[Model, int]] = {}
        self._downloaded: list[Model] = []
        self._server = Server(self)
        if self.home:
            self._models_folder = self.home / "models"
            self._models_folder.mkdir(parents=True, exist_ok=True)
            (self.home / ".internal").mkdir(exist_ok=True)
            self.write_settings()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """The daemon ends, and with it every model."""
        self._ended.set()
        self._server.close()
        if self.home:
            (self.home / ".internal/http-server.json").unlink(missing_ok=True)
        with self._lock:
            for one in [*self._instances, *self._unlisted]:
                one.process.end()

    def write_settings(self) -> None:
        """The files as LM Studio keeps them; written again by a test that changed an attribute."""
        assert self.home is not None
        runtime = {"model_format": "gguf", "name": "llama.cpp-linux-arm64-nvidia-cuda13", "version": "2.28.2"}
        for name, content in {
            ".internal/http-server.json": {"port": self._server.port},
            ".internal/http-server-config.json": {
                "port": self._server.port,
                "networkInterface": "127.0.0.1",
                "cors": False,
                "justInTimeModelLoading": self.jit_loading,
            },
            ".internal/backend-preferences-v1.json": [runtime],
            "settings.json": {
                "downloadsFolder": str(self._models_folder),
                "defaultContextLength": {"type": "custom", "value": self.default_context_tokens},
                "developer": {
                    "unloadPreviousJITModelOnLoad": self.auto_evict,
                    "jitModelTTL": {"enabled": True, "ttlSeconds": 3600},
                },
            },
        }.items():
            (self.home / name).write_text(json.dumps(content))

    def load(self, asked: dict[str, Any], by_chat: bool = False) -> dict[str, Any]:
        """What REST, the program and a chat do to load; `parallel` and `identifier` come from the program only."""
        model = next((one for one in self.known() if one.key == asked.get("model")), None)
        if model is None:
            raise refusal(404, "model_not_found", f"Model '{asked.get('model')}' not found.", "model")
        context = int(asked.get("context_length") or self.default_context_tokens)
        if "wrong_context" in self.faults:
            context = max(256, context // 2)
        config = {
            "context_length": min(context, model.max_context_length),
            "eval_batch_size": 512,
            "parallel": asked.get("parallel") or self.parallel,
            "flash_attention": asked.get("flash_attention", self.flash_attention),
            "offload_kv_cache_to_gpu": True,
        }
        if model.experts_used:
            config["num_experts"] = asked.get("num_experts") or model.experts_used
        loaded = self._start(model, config, asked.get("identifier") or model.key, by_chat)
        self.hanging("hang_in_load")
        if loaded not in self.instances():
            raise refusal(500, "model_load_failed", "Model load was cancelled.", "model")
        if "second_instance" in self.faults:
            self._start(model, config, loaded.id, by_chat)
        if "oom_kill" in self.faults and not by_chat:
            loaded.process.end()
        answer = {"type": "llm", "load_time_seconds": 0.1, "status": "loaded", **self._named(loaded.id)}
        if asked.get("echo_load_config"):
            answer["load_config"] = {name: value for name, value in config.items() if name != "parallel"}
        return answer

    def _start(self, model: Model, config: dict[str, Any], wanted: str, by_chat: bool) -> Loaded:
        with self._lock:
            taken = {one.id for one in self.instances()}
            names = (wanted, *(f"{wanted}:{number}" for number in range(2, len(taken) + 2)))
            name = next(one for one in names if one not in taken)
            loaded = Loaded(name, model, config, ModelProcess(name, model.resident_bytes), by_chat)
            self._instances.append(loaded)
            return loaded

    def unload(self, body: dict[str, Any]) -> dict[str, Any]:
        asked = body.get("model_instance_id" if self.beta_names else "instance_id")
        with self._lock:
            loaded = next((one for one in self.instances() if one.id == asked), None)
            if loaded is None:
                raise refusal(404, "model_not_found", f"No loaded instance '{asked}'.", "instance_id")
            self._instances.remove(loaded)
            if self.faults & {"memory_kept", "slow_unload"}:
                self._unlisted.append(loaded)
            else:
                loaded.process.end()
            if "slow_unload" in self.faults and "memory_kept" not in self.faults:
                threading.Timer(SLOW_UNLOAD_SECONDS, loaded.process.end).start()
        return self._named(loaded.id)

    def for_chat(self, name: str) -> Loaded:
        """The instance that answers for this model name; loaded now where chats may load."""
        with self._lock:
            for one in self.instances():
                if name in (one.id, one.model.key):
                    return one
            if not (self.jit_loading or "jit_default_context" in self.faults):
                raise refusal(404, None, "No models loaded. Please load a model in the developer page.", "model")
            if self.auto_evict:
                for one in self.instances():
                    if one.by_chat:
                        self.unload({"instance_id": one.id, "model_instance_id": one.id})
        self.load({"model": name}, by_chat=True)
        return next(one for one in self.instances() if one.model.key == name)

    def download(self, body: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            if any(one.key == body.get("model") for one in self.known()):
                return {"status": "already_downloaded"}
            model = next((one for one in self.downloadable if one.key == body.get("model")), None)
            if model is None:
                raise refusal(404, "model_not_found", f"Model '{body.get('model')}' not found.", "model")
            job_id = f"job_{len(self._downloads):010x}"
            self._downloads[job_id] = (model, 0)
        return self.download_status(job_id)

    def download_status(self, job_id: str) -> dict[str, Any]:
        if job_id not in self._downloads:
            raise refusal(404, "job_not_found", f"No download job '{job_id}'.", "job_id")
        model, downloaded_bytes = self._downloads[job_id]
        done = downloaded_bytes >= model.size_bytes
        status: dict[str, Any] = {
            "job_id": job_id,
            "status": "completed" if done else "downloading",
            "total_size_bytes": model.size_bytes,
            "downloaded_bytes": downloaded_bytes,
            "started_at": "2026-01-01T00:00:00.000Z",
        }
        status.update({"completed_at": "2026-01-01T00:10:00.000Z"} if done else {"bytes_per_second": 7834.7})
        return status

    def program(self) -> Path:
        """The program `lms` of this server's home; runs `tests/fakes/lms.py`."""
        assert self.home is not None
        path = self.home / "bin/lms"
        path.parent.mkdir(exist_ok=True)
        script = Path(__file__).with_name("lms.py")
        path.write_text(f'#!/bin/sh\nHOME="{self.home.parent}" exec "{sys.executable}" -I "{script}" "$@"\n')
        path.chmod(0o755)
        return path

    def program_calls(self) -> list[list[str]]:
        """What the program was asked, in order."""
        assert self.home is not None
        calls = self.home / ".internal/calls"
        return [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []

    def hanging(self, fault: str) -> None:
        """Return when the fault is taken away; a server that ends leaves no answer."""
        while fault in self.faults:
            if self._ended.wait(0.02):
                raise ConnectionResetError

    def _named(self, instance_id: str) -> dict[str, str]:
        return {"model_instance_id" if self.beta_names else "instance_id": instance_id}
