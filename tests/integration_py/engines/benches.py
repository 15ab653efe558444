# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four engines, each with two models and a way to break it: the real llama.cpp, two simulators, a cloud's stub."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from ansible_collections.local_llm.lab.plugins.module_utils.engines import Engine, LoadRequest, connect
from ansible_collections.local_llm.lab.tests.fakes.lm_studio import LmStudio, Model
from ansible_collections.local_llm.lab.tests.fakes.ollama import Ollama
from ansible_collections.local_llm.lab.tests.fakes.openai_stub import OpenAIStub

MIB = 1024**2
CONTEXT_TOKENS = 2048
# An interpreter that can be told to hang, or to be killed, where it would serve; it only asks and loads otherwise.
PYTHON = """\
#!/bin/sh
if [ "$2" != -c ]; then
  case "$(cat "$0.fault" 2>/dev/null)" in
    hang_in_load) exec sleep 1000 ;;
    oom_kill) read -r go; kill -9 $$ ;;
    slow_unload) trap '' TERM ;;
  esac
fi
exec "{python}" "$@"
"""


@dataclass
class Bench:
    """`resident()` names the models in memory, whatever the engine says; `inject` sets a fault, "" takes it away."""

    name: str
    engine: Engine
    options: dict[str, Any]
    first: LoadRequest
    second: LoadRequest
    resident: Callable[[], list[str]] = list
    inject: Callable[[str], None] = lambda fault: None
    chat: Callable[[str], None] = lambda model: None


@contextmanager
def llama_cpp(folder: Path, files: tuple[Path, Path], port: int, model_bytes: int) -> Iterator[Bench]:
    """What it takes is what the tiny models take."""
    python = folder / "python"
    python.write_text(PYTHON.format(python=sys.executable))
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    options = {"python": str(python), "state_dir": str(folder / "engine"), "threads": 1}
    engine = connect("llama_cpp", f"http://127.0.0.1:{port}", options)
    requests = tuple(LoadRequest(name, str(path), CONTEXT_TOKENS) for name, path in zip("ab", files, strict=True))

    def resident() -> list[str]:
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = Path("/proc", pid, "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if len(words) > 4 and words[2].startswith(str(folder)) and words[4] == str(port):
                found.append(words[3])
        return found

    def inject(fault: str) -> None:
        Path(f"{python}.fault").write_text(fault)

    yield Bench("llama_cpp", engine, options, *requests, resident=resident, inject=inject)
    engine.unload_all()


@contextmanager
def lm_studio(folder: Path, files: tuple[Path, Path], port: int, model_bytes: int) -> Iterator[Bench]:
    models = [
        Model(f"org/{name}", f"org/{name}-GGUF/{name}.gguf", model_bytes, path.stat().st_size)
        for name, path in zip("ab", files, strict=True)
    ]
    with LmStudio(models, home=folder / ".lmstudio") as studio:
        options = {"home": str(studio.home)}
        first, second = (
            LoadRequest(name, str(path), CONTEXT_TOKENS, parallel=4) for name, path in zip("ab", files, strict=True)
        )

        def inject(fault: str) -> None:
            studio.faults = {fault} - {""}

        def chat(model: str) -> None:
            body = {"model": f"org/{model}", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
            httpx.post(f"{studio.base_url}/v1/chat/completions", json=body, timeout=60).raise_for_status()

        engine = connect("lm_studio", studio.base_url, options)
        yield Bench("lm_studio", engine, options, first, second, studio.resident, inject, chat)


@contextmanager
def ollama(folder: Path, files: tuple[Path, Path], port: int, model_bytes: int) -> Iterator[Bench]:
    with Ollama(kv_bytes_per_token=model_bytes // CONTEXT_TOKENS) as server:
        first, second = (LoadRequest(name, str(path), CONTEXT_TOKENS) for name, path in zip("ab", files, strict=True))
        for request in (first, second):
            server.add(request.name, Path(request.path))

        def inject(fault: str) -> None:
            server.faults.clear()
            server.faults |= {fault} - {""}

        def chat(model: str) -> None:
            body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "stream": False}
            httpx.post(f"{server.base_url}/api/chat", json=body, timeout=60).raise_for_status()

        engine = connect("ollama", server.base_url, {})
        yield Bench("ollama", engine, {}, first, second, server.resident, inject, chat)


@contextmanager
def openai_compatible(folder: Path, files: tuple[Path, Path], port: int, model_bytes: int) -> Iterator[Bench]:
    with OpenAIStub(models=("a", "b")) as stub:
        engine = connect("openai_compatible", stub.base_url, {})
        requests = (LoadRequest(name, "", CONTEXT_TOKENS) for name in "ab")
        yield Bench("openai_compatible", engine, {}, *requests)


MAKERS = {one.__name__: one for one in (llama_cpp, lm_studio, ollama, openai_compatible)}


@contextmanager
def sampled(bench: Bench) -> Iterator[list[set[str]]]:
    """The models that were resident at each sampled moment."""
    moments: list[set[str]] = []
    done = threading.Event()

    def sample() -> None:
        while not done.is_set():
            moments.append({name.removesuffix(":latest") for name in bench.resident()})
            time.sleep(0.005)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield moments
    finally:
        done.set()
        thread.join()


def gone(bench: Bench) -> bool:
    """Whether nothing is resident, at the latest when an engine has noticed that its client hung up."""
    end = time.monotonic() + 60
    while bench.resident() and time.monotonic() < end:
        time.sleep(0.02)
    return not bench.resident()


@contextmanager
def answering_everything(port: int) -> Iterator[str]:
    """What is no engine and says 200 to whatever it is asked."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_unused: Any) -> None:
            pass

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.dumps({"error": f"Unexpected endpoint or method. ({self.path})"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{port}"
        server.shutdown()
        thread.join()
