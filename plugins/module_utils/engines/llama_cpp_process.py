# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""llama.cpp, one process per model on a loopback port. To load is to start it, to unload is to end it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, cast

from .. import processes
from ..files import read_json, write_whole
from . import llama_cpp_log
from .base import (
    Engine,
    EngineError,
    EngineUnreachable,
    Instance,
    LoadFailed,
    LoadRequest,
    Settings,
    UnloadFailed,
)
from .llama_cpp_program import DRAFTING, Program
from .llama_cpp_readback import differences, instance_from, loopback_port
from .loopback import get_json, refuse_foreign_listener
from .options import programs

STOP_GRACE_SECONDS = 5.0


class LlamaCppProcess(Engine):
    """Options: `state_dir` (a folder of its own), `threads`; `python` or `server` chose the program."""

    owns_processes = True

    def __init__(self, base_url: str, options: dict[str, Any], program: Program) -> None:
        if not options.get("state_dir"):
            raise EngineError(
                "The engine options of llama_cpp lack state_dir.",
                "set lab_engine_options: {state_dir: a folder of this engine alone}",
            )
        self.port = loopback_port(base_url)
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.program = program
        self.capabilities = program.capabilities
        self.processes = programs(options.get("processes"), program.processes)
        self.threads = int(options.get("threads") or 0)
        self.state_dir = Path(str(options["state_dir"]))
        self.state_file = self.state_dir / "engine.json"
        self.log_file = self.state_dir / "server.log"
        self._build: str | None = None

    def build(self) -> str:
        if self._build is None:  # asking is starting the program
            self._build = self.program.build(self.threads)
        return self._build

    def settings(self) -> Settings:
        return Settings(bind_address="127.0.0.1", jit_loading=False, auto_evict=False)

    def loaded(self) -> list[Instance]:
        state = self._living()
        if state is None:
            return []
        spec, pid = state["spec"], state["pid"]
        try:
            props = get_json(f"{self.base_url}/props", timeout_seconds=10)
        except EngineUnreachable:
            return [Instance(spec["name"], spec["name"], spec["path"], 0, 0, None, state["build"], ready=False)]
        cache_bytes = llama_cpp_log.kv_bytes(self._log())
        return [instance_from(props, spec["name"], state["build"], processes.resident_bytes(pid), cache_bytes)]

    def serves(self, instance: Instance, request: LoadRequest) -> bool:
        state = self._living()
        if state is None or state["spec"] != self._spec(request) or state["build"] != self.build():
            return False
        return instance.ready and instance.model == request.name and not differences(instance, request)

    def load(self, request: LoadRequest, timeout_seconds: float) -> Instance:
        self.refuse_unsupported(request)
        if self._living() is not None:
            raise LoadFailed("A model is loaded already.", "unload it first: one model at a time")
        build = self.build()
        refuse_foreign_listener(self.port)
        process = self._start(self._spec(request), build)
        pid, since = process.pid, processes.started(process.pid)
        try:
            self._wait_until_ready(process, timeout_seconds)
            instances = self.loaded()
            if len(instances) != 1 or not instances[0].ready:
                raise LoadFailed(f"{request.name} was loaded and is gone again.", f"read {self.log_file}")
            wrong = differences(instances[0], request)
            used = llama_cpp_log.experts_used(self._log())
            if request.experts_used not in (None, used):
                wrong += f"{', ' if wrong else ''}{used} experts used instead of {request.experts_used}"
            drafting = llama_cpp_log.drafting(self._log())
            if drafting != [DRAFTING[one] for one in (request.speculative,) if one != "off"]:
                wrong += f"{', ' if wrong else ''}drafting is {drafting} where it was asked to be {request.speculative}"
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
        self.state_file.unlink(missing_ok=True)  # the keeper may have been faster

    def _living(self) -> dict[str, Any] | None:
        if self.state_file.exists() and not os.access(self.state_file, os.R_OK):
            raise EngineError(
                f"What llama.cpp has loaded stands in {self.state_file}, which this user cannot read.",
                "run as the user that runs the engine, or as root",
            )
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
            "draft_path": os.path.realpath(request.draft_path) if request.speculative == "draft" else "",
            "port": self.port,
            "threads": self.threads,
            "program": self.program.path,
            "size_bytes": file.st_size,
            "modified_ns": file.st_mtime_ns,
        }

    def _start(self, spec: dict[str, Any], build: str) -> subprocess.Popen[bytes]:
        try:
            self.state_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
            command = self.program.command(spec, self.state_dir)
            log = self.log_file.open("wb")
        except OSError as error:
            raise EngineError(
                f"The engine's state_dir {self.state_dir} cannot be written: {error.strerror}.",
                "choose a folder of the user that runs the engine",
            ) from error
        with log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=processes.minimal_environment(),
                start_new_session=True,
            )
        # First it is written down, then it is told to go: a process nobody knows ends by itself.
        state = {"pid": process.pid, "started": processes.started(process.pid), "build": build, "spec": spec}
        write_whole(self.state_file, json.dumps(state).encode(), mode=0o644)  # whoever asks must see what is loaded
        told = cast(BinaryIO, process.stdin)
        try:
            told.write(self.program.go(spec).encode() + b"\n")
            told.close()
        except BrokenPipeError:
            pass  # it ended at once; _wait_until_ready says why
        return process

    def _wait_until_ready(self, process: subprocess.Popen[bytes], timeout_seconds: float) -> None:
        end = time.monotonic() + timeout_seconds
        while True:
            if process.poll() is not None:
                raise LoadFailed(
                    f"llama.cpp ended with code {process.returncode} while loading: {self._causes()}",
                    f"read {self.log_file}; is the file a whole GGUF of an architecture this build knows?",
                )
            try:
                if get_json(f"{self.base_url}/health", timeout_seconds=5).get("status") == "ok":
                    return
            except EngineUnreachable:
                pass
            if time.monotonic() > end:
                raise LoadFailed(
                    f"llama.cpp was not ready after {timeout_seconds:g} s: {self._causes()}",
                    f"raise timeout_seconds or read {self.log_file}",
                )
            time.sleep(0.05)

    def _causes(self) -> str:
        return llama_cpp_log.causes(self._log())

    def _log(self) -> str:
        """Its beginning: a load is told there, and a server that ran for days has said much since."""
        try:
            with self.log_file.open("rb") as log:
                return log.read(llama_cpp_log.MOST_BYTES).decode(errors="replace")
        except OSError:
            return ""
