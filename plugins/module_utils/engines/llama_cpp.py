# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""llama.cpp: one process per model on a loopback port. To load is to start it, to unload is to end it."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import subprocess
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from .. import processes
from ..files import read_json, write_whole
from . import llama_cpp_server
from .base import (
    Capabilities,
    Engine,
    EngineError,
    EngineNotInstalled,
    EngineUnreachable,
    Instance,
    LoadFailed,
    LoadRequest,
    UnloadFailed,
)
from .loopback import get_json, refuse_foreign_listener

CONTEXT_STEP_TOKENS = 256  # llama.cpp rounds a window up to this
STOP_GRACE_SECONDS = 5.0
LOOPBACK = ("127.0.0.1", "localhost")


class LlamaCpp(Engine):
    """Options: `python` (an interpreter that has xllamacpp), `state_dir` (a folder of its own), `threads`."""

    capabilities = Capabilities(
        load=True,
        context=True,
        parallel=True,
        kv_type=True,
        flash_attention=True,
        chat_template=True,
        reasoning_switch=True,
    )

    def __init__(self, base_url: str, options: dict[str, Any]) -> None:
        missing = [name for name in ("python", "state_dir") if not options.get(name)]
        if missing:
            raise EngineError(
                f"The engine options of llama_cpp lack {' and '.join(missing)}.",
                "set lab_engine_options: {python: the interpreter of the llama_cpp role's venv, state_dir: a folder}",
            )
        address = urlsplit(str(base_url))
        if address.hostname not in LOOPBACK or not address.port:
            raise EngineError(
                f"llama_cpp serves on a loopback port only, not on {base_url}.",
                "use http://127.0.0.1:<port>, and a tunnel where the controller is another machine",
            )
        self.port = address.port
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.python = str(options["python"])
        self.threads = int(options.get("threads") or 0)
        self.state_dir = Path(str(options["state_dir"]))
        self.state_file = self.state_dir / "engine.json"
        self.log_file = self.state_dir / "server.log"

    def build(self) -> str:
        question = "import importlib.metadata as m; print(m.version('xllamacpp'))"
        try:
            answer = subprocess.run(
                [self.python, "-I", "-c", question],
                capture_output=True, text=True, check=True, timeout=60, env=processes.minimal_environment(),
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            raise EngineNotInstalled(
                f"{self.python} is not an interpreter that has xllamacpp.",
                "install the engine: ansible-playbook with the role local_llm.lab.llama_cpp",
            ) from error
        return f"xllamacpp {answer.stdout.strip()}"

    def loaded(self) -> list[Instance]:
        state = self._living()
        if state is None:
            return []
        spec, pid = state["spec"], state["pid"]
        try:
            props = get_json(f"{self.base_url}/props", timeout_seconds=10)
        except EngineUnreachable:
            return [Instance(spec["name"], spec["name"], spec["path"], 0, 0, None, state["build"], ready=False)]
        template = str(props.get("chat_template") or "")
        return [
            Instance(
                id=spec["name"],
                model=str(props["model_alias"]),
                path=str(props["model_path"]),
                context_tokens=int(props["default_generation_settings"]["n_ctx"]),
                parallel=int(props["total_slots"]),
                chat_template_sha256=_sha256(template) if template else None,
                build=state["build"],
                resident_bytes=processes.resident_bytes(pid),
            )
        ]

    def serves(self, instance: Instance, request: LoadRequest) -> bool:
        state = self._living()
        if state is None or state["spec"] != self._spec(request) or state["build"] != self.build():
            return False
        return instance.ready and instance.model == request.name and not self._differences(instance, request)

    def load(self, request: LoadRequest, timeout_seconds: float) -> Instance:
        self.refuse_unsupported(request)
        if self._living() is not None:
            raise LoadFailed("A model is loaded already.", "unload it first: one model at a time")
        build = self.build()
        refuse_foreign_listener(self.port)
        spec = self._spec(request)
        process = self._start(spec, build)
        pid, since = process.pid, processes.started(process.pid)
        try:
            self._wait_until_ready(process, timeout_seconds)
            instances = self.loaded()
            if len(instances) != 1 or not instances[0].ready:
                raise LoadFailed(f"{request.name} was loaded and is gone again.", f"read {self.log_file}")
            wrong = self._differences(instances[0], request)
            if wrong:
                raise LoadFailed(f"{request.name} was loaded otherwise than asked: {wrong}.", f"read {self.log_file}")
        except BaseException:
            processes.stop(pid, since, STOP_GRACE_SECONDS)
            process.wait()
            raise
        return instances[0]

    def unload(self, instance_id: str) -> None:
        state = self._living()
        if state is None or state["spec"]["name"] != instance_id:
            return
        try:
            gone = processes.stop(state["pid"], state["started"], STOP_GRACE_SECONDS)
        except PermissionError as error:
            raise UnloadFailed(
                f"{instance_id} was loaded by another user (process {state['pid']}).",
                "run as that user or as root",
            ) from error
        if not gone:
            raise UnloadFailed(
                f"Process {state['pid']} of {instance_id} survives SIGKILL.",
                "it hangs in the kernel: look at dmesg; the host may need a restart",
            )
        self.state_file.unlink()

    def _living(self) -> dict[str, Any] | None:
        state = read_json(self.state_file)
        return state if state and processes.is_alive(state["pid"], state["started"]) else None

    def _spec(self, request: LoadRequest) -> dict[str, Any]:
        """Everything that makes a difference: the same spec again means nothing has to be done."""
        try:
            file = os.stat(request.path)
        except OSError as error:
            raise LoadFailed(
                f"There is no GGUF file {request.path}: {error.strerror}.",
                "download it with the role local_llm.lab.gguf_models or correct the path",
            ) from error
        return {
            **asdict(request),
            "path": os.path.realpath(request.path),
            "port": self.port,
            "threads": self.threads,
            "python": self.python,
            "size_bytes": file.st_size,
            "modified_ns": file.st_mtime_ns,
        }

    def _start(self, spec: dict[str, Any], build: str) -> subprocess.Popen[bytes]:
        program = self.state_dir / "llama_cpp_server.py"
        try:
            self.state_dir.mkdir(parents=True, exist_ok=True)
            write_whole(program, inspect.getsource(llama_cpp_server).encode())
            log = self.log_file.open("wb")
        except OSError as error:
            raise EngineError(
                f"The engine's state_dir {self.state_dir} cannot be written: {error.strerror}.",
                "choose a folder of the user that runs the engine",
            ) from error
        with log:
            process = subprocess.Popen(
                [self.python, "-I", str(program), spec["name"], str(self.port)],  # arguments are for who reads ps
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=processes.minimal_environment(),
                start_new_session=True,
            )
        # First it is written down, then it is told what to do: a process nobody knows ends by itself.
        state = {"pid": process.pid, "started": processes.started(process.pid), "build": build, "spec": spec}
        write_whole(self.state_file, json.dumps(state).encode(), mode=0o600)
        told = cast(BinaryIO, process.stdin)
        try:
            told.write(json.dumps(spec).encode() + b"\n")
            told.close()
        except BrokenPipeError:
            pass  # it ended at once; _wait_until_ready says why
        return process

    def _wait_until_ready(self, process: subprocess.Popen[bytes], timeout_seconds: float) -> None:
        end = time.monotonic() + timeout_seconds
        while True:
            if process.poll() is not None:
                raise LoadFailed(
                    f"llama.cpp ended with code {process.returncode} while loading: {self._log_tail()}",
                    f"read {self.log_file}; is the file a whole GGUF of an architecture this build knows?",
                )
            try:
                if get_json(f"{self.base_url}/health", timeout_seconds=5).get("status") == "ok":
                    return
            except EngineUnreachable:
                pass
            if time.monotonic() > end:
                raise LoadFailed(
                    f"llama.cpp was not ready after {timeout_seconds:g} s: {self._log_tail()}",
                    f"raise timeout_seconds or read {self.log_file}",
                )
            time.sleep(0.05)

    @staticmethod
    def _differences(instance: Instance, request: LoadRequest) -> str:
        found = []
        if not request.context_tokens <= instance.context_tokens < request.context_tokens + CONTEXT_STEP_TOKENS:
            found.append(f"context of {instance.context_tokens} tokens instead of {request.context_tokens}")
        if instance.parallel != request.parallel:
            found.append(f"{instance.parallel} slots instead of {request.parallel}")
        if instance.path != os.path.realpath(request.path):
            found.append(f"the file {instance.path} instead of {request.path}")
        if request.chat_template is not None:
            asked = request.chat_template[: -1 if request.chat_template.endswith("\n") else None]  # as Jinja does
            if _sha256(asked) != instance.chat_template_sha256:
                found.append("another chat template")
        return ", ".join(found)

    def _log_tail(self) -> str:
        """The log's first error lines, which name the cause, else its last lines."""
        lines = self.log_file.read_text(errors="replace").splitlines()
        errors = [line for line in lines if " E " in line[:24]]
        return " | ".join(line.strip() for line in (errors[:2] or lines[-4:])) or "it said nothing"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
