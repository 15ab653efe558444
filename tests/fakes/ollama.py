# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator: Ollama's management API and chat, from server/routes.go of ollama/ollama v0.33.0-rc2 (fb30760).

Also from docs/api.md, api/types.go, server/create.go and server/images.go there. The vendor's own client drives it in a
test. Every runner is a process that takes the memory Ollama reports for it (`ollama_runners`).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from .ollama_chat import CREATED, NDJSON, TOO_LONG, chat_stream, fitting_tokens
from .ollama_runners import FOREVER, Refused, Runner, Runners, Wanted
from .ollama_store import Store, seconds
from .serving import Call, Reply, Serving, json_reply
from .wires import Said, openai_stream

DIED = (
    "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, "
    "check ollama server logs for details"
)
HELLO = (Said(text="Hello"), Said(text=" there."))


class Ollama(Serving):
    """A context manager on a free loopback port.

    `environment`: OLLAMA_* as the real server reads them. `registry`: what can be pulled, with its bytes. `gpu_share`:
    how much of a model is on the GPU. `tells_context` false: an older server. Faults: second_instance, memory_kept,
    slow_unload, jit_default_context, oom_kill, hang_in_load, hang_in_stream, wrong_context.
    """

    def __init__(
        self,
        environment: dict[str, str] | None = None,
        registry: dict[str, int] | None = None,
        train_tokens: int = 131072,
        kv_bytes_per_token: int = 1024,
        gpu_share: float = 1.0,
        tells_context: bool = True,
        reply: Callable[[dict[str, Any]], Sequence[Said]] = lambda body: HELLO,
    ) -> None:
        super().__init__()
        self.faults: set[str] = set()
        self.requests: list[dict[str, Any]] = []
        self.version = "0.33.0"
        self.gpu_share = gpu_share
        self.tells_context = tells_context
        self.reply = reply
        self._told = environment or {}
        self._folder = tempfile.TemporaryDirectory(prefix="simulated-ollama-")
        self.store = Store(Path(self._folder.name), registry or {}, train_tokens)
        self.runners = Runners(
            self.faults,
            self._twin,
            parallel=int(self._told.get("OLLAMA_NUM_PARALLEL", "1")),
            max_loaded=int(self._told.get("OLLAMA_MAX_LOADED_MODELS", "3")),
            keep_seconds=seconds(self._told.get("OLLAMA_KEEP_ALIVE", "5m")),
            kv_type=self._told.get("OLLAMA_KV_CACHE_TYPE", "f16"),
            kv_bytes_per_token=kv_bytes_per_token,
            train_tokens=train_tokens,
            closing=self.closing,
        )

    def add(self, name: str, path: Path | None = None, size_bytes: int = 8 << 20) -> str:
        """Have a model, of this file or of a made-up one; returns its full name."""
        return self.store.add(name, path, size_bytes)

    def resident(self) -> list[str]:
        """The models whose process is alive, listed or not."""
        return self.runners.resident()

    def close(self) -> None:
        self.runners.close()
        self._folder.cleanup()

    def respond(self, call: Call) -> Reply:
        method = "GET" if call.method == "HEAD" and call.path in ("/", "/api/version", "/api/tags") else call.method
        routes: dict[tuple[str, str], Callable[[Call], Reply]] = {
            ("GET", "/"): lambda call: Reply(body=b"Ollama is running", kind="text/plain; charset=utf-8"),
            ("GET", "/api/version"): lambda call: json_reply({"version": self.version}),
            ("GET", "/api/tags"): lambda call: json_reply({"models": self.store.tags()}),
            ("GET", "/api/ps"): lambda call: json_reply(
                {"models": [self._running(one) for one in self.runners.listed()]}
            ),
            ("GET", "/v1/models"): lambda call: json_reply(self.store.openai_list()),
            ("POST", "/api/show"): lambda call: json_reply(self.store.show(call.json())),
            ("POST", "/api/pull"): lambda call: _progress(call, self.store.pull),
            ("POST", "/api/create"): lambda call: _progress(call, self.store.create),
            ("DELETE", "/api/delete"): self._delete,
            ("POST", "/api/generate"): self._generate,
            ("POST", "/api/chat"): self._chat,
            ("POST", "/v1/chat/completions"): self._completions,
        }
        try:
            if call.path.startswith("/api/blobs/") and call.method in ("HEAD", "POST"):
                return self._blob(call)
            if (method, call.path) in routes:
                return routes[method, call.path](call)
            known = any(path == call.path for _unused, path in routes)
            return Reply(
                405 if known else 404, b"405 method not allowed" if known else b"404 page not found", "text/plain"
            )
        except Refused as refused:
            return json_reply({"error": refused.message}, refused.status)

    def _running(self, runner: Runner) -> dict[str, Any]:
        left = 292 * 365 * 86400 if runner.keep_seconds == FOREVER else runner.keep_seconds
        answer = {
            "name": runner.wanted.name,
            "model": runner.wanted.name,
            "size": runner.size_bytes,
            "digest": runner.wanted.digest,
            "details": self.store.details(),
            "expires_at": (datetime.now(UTC) + timedelta(seconds=left)).isoformat(),
            "size_vram": int(runner.size_bytes * self.gpu_share),
            "context_length": runner.context_tokens,
        }
        if not self.tells_context:
            del answer["context_length"]
        return answer

    def _blob(self, call: Call) -> Reply:
        digest = call.path.rpartition("/")[2]
        if call.method == "POST":
            return Reply(self.store.receive(digest, call.chunks()))
        if self.store.blob(digest).exists():
            return Reply()
        raise Refused(404, f'blob "{digest}" not found')

    def _delete(self, call: Call) -> Reply:
        self.store.delete(call.json())
        return Reply()

    def _wanted(self, body: dict[str, Any], options: dict[str, Any]) -> Wanted:
        name = str(body.get("model") or "")
        manifest = self.store.find(name)
        default = manifest.parameters.get("num_ctx") or int(self._told.get("OLLAMA_CONTEXT_LENGTH", "4096"))
        tokens = int(options.get("num_ctx") or default)
        if "jit_default_context" in self.faults and body.get("messages") and manifest.blob not in self.runners.loaded:
            tokens = int(default)
        weight_bytes = self.store.blob(manifest.blob).stat().st_size
        shift = body.get("shift") is not False
        return Wanted(manifest.name, manifest.digest, manifest.blob, weight_bytes, tokens, shift)

    def _generate(self, call: Call) -> Reply:
        body = call.json()
        return self._infer(call, body, [body["prompt"]] if body.get("prompt") else [])

    def _chat(self, call: Call) -> Reply:
        body = call.json()
        return self._infer(call, body, body.get("messages") or [])

    def _infer(self, call: Call, body: dict[str, Any], messages: list[Any]) -> Reply:
        """Without anything to say it is about loading or unloading."""
        keep_seconds = seconds(body["keep_alive"]) if body.get("keep_alive") is not None else None
        if not messages and keep_seconds == 0:
            self.runners.expire(self.store.find(str(body.get("model") or "")).blob)
            return json_reply(_done(body, call.path, "unload"))
        runner = self.runners.acquire(self._wanted(body, body.get("options") or {}), keep_seconds, call.hung_up)
        if not messages:
            self.runners.release(runner)
            return json_reply(_done(body, call.path, "load"))
        self.requests.append(body)
        tokens = fitting_tokens(messages, runner.context_tokens, body.get("truncate", True))
        if tokens is None:
            self.runners.release(runner)
            raise Refused(400, TOO_LONG)
        limit = (body.get("options") or {}).get("num_predict")
        lines = self._lines(call, runner, chat_stream(self.reply(body), body["model"], tokens, limit))
        if body.get("stream", True):
            return Reply(body=lines, kind=NDJSON, after=lambda: self.runners.release(runner))
        try:
            return _joined([json.loads(line) for line in lines])
        finally:
            self.runners.release(runner)

    def _twin(self, wanted: Wanted) -> Wanted:
        made = self.store.twin(wanted.name)
        return replace(wanted, name=made.name, digest=made.digest, blob=made.blob)

    def _lines(self, call: Call, runner: Runner, said: bytes) -> Iterator[bytes]:
        for number, line in enumerate(said.splitlines(keepends=True)):
            if call.path == "/api/generate":
                plain = json.loads(line)
                line = _line({**plain, "response": plain.pop("message")["content"]})
            yield line
            if number == 0 and "hang_in_stream" in self.faults:
                self.wait_for_hang_up(call)
                return
            if number == 0 and "oom_kill" in self.faults:
                runner.process.end()
                yield _line({"error": DIED})
                return

    def _completions(self, call: Call) -> Reply:
        """OpenAI's shape; num_ctx is dropped, as Ollama drops it."""
        body = call.json()
        runner = self.runners.acquire(self._wanted(body, {}), None, call.hung_up)
        self.requests.append(body)
        self.runners.release(runner)
        return Reply(body=openai_stream(self.reply(body), "reasoning"), kind="text/event-stream")


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"


def _done(body: dict[str, Any], path: str, reason: str) -> dict[str, Any]:
    said: dict[str, Any] = (
        {"response": ""} if path == "/api/generate" else {"message": {"role": "assistant", "content": ""}}
    )
    return {"model": body["model"], "created_at": CREATED, **said, "done": True, "done_reason": reason}


def _joined(lines: list[dict[str, Any]]) -> Reply:
    if error := next((line["error"] for line in lines if "error" in line), None):
        return json_reply({"error": error}, 500)
    last = lines[-1]
    if "message" in last:
        last["message"]["content"] = "".join(line["message"]["content"] for line in lines)
    else:
        last["response"] = "".join(line["response"] for line in lines)
    return json_reply(last)


def _progress(call: Call, work: Callable[[dict[str, Any]], Iterator[dict[str, Any]]]) -> Reply:
    """An error before anything was said has a status of its own; later it is a line of the stream."""
    body = call.json()
    steps = work(body)
    first = next(steps)
    if body.get("stream", True):
        return Reply(body=_streamed(first, steps), kind=NDJSON)
    *_unused, last = [first, *steps]
    return json_reply(last)


def _streamed(first: dict[str, Any], steps: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    yield _line(first)
    try:
        for step in steps:
            yield _line(step)
    except Refused as refused:
        yield _line({"error": refused.message})
