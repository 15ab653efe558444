# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator: Ollama's own chat (`/api/chat`, `/api/ps`, `/api/show`, `/api/version`) that plays a plan.

From docs/api.md, api/types.go, server/routes.go and server/prompt.go of ollama/ollama at fb30760. The vendor's own
client reads it in a test. What matters is done as Ollama does it: an unknown option is ignored, a prompt that does not
fit is cut at the front and answered 200 unless `truncate` is false, `think` is refused where the model cannot.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from .wires import Said, ollama_stream

CREATED = "2026-01-01T00:00:00.000000Z"
TEMPLATE = "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}"


@dataclass
class OllamaChat:
    """A context manager on a free loopback port. Each request is answered with the next reply of the plan, streamed."""

    plan: Sequence[Sequence[Said]]
    model: str = "played:latest"
    thinks: bool = True
    default_tokens: int = 4096
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> OllamaChat:
        chat = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_unused: Any) -> None:
                pass

            def do_GET(self) -> None:
                self.answer(*chat._get(self.path))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(*chat._post(self.path, body))

            def answer(self, status: int, kind: str, data: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self._loaded_tokens = 0
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _get(self, path: str) -> tuple[int, str, bytes]:
        if path == "/api/version":
            return _json({"version": "0.32.13"})
        running = {"name": self.model, "model": self.model, "context_length": self._loaded_tokens, "size": 1}
        return _json({"models": [running] if self._loaded_tokens else []})

    def _post(self, path: str, body: dict[str, Any]) -> tuple[int, str, bytes]:
        if body["model"] not in (self.model, self.model.removesuffix(":latest")):
            return _json({"error": f"model '{body['model']}' not found"}, 404)
        if path == "/api/show":
            return _json({"template": TEMPLATE, "details": {"family": "played"}, "model_info": {}})
        return self._chat(body)

    def _chat(self, body: dict[str, Any]) -> tuple[int, str, bytes]:
        if body.get("think") and not self.thinks:
            return _json({"error": f'"{body["model"]}" does not support thinking'}, 400)
        self.requests.append(body)
        self._loaded_tokens = body.get("options", {}).get("num_ctx") or self.default_tokens
        messages = list(body["messages"])
        while (tokens := len(json.dumps(messages)) // 4) > self._loaded_tokens:
            if body.get("truncate") is False:
                return _json({"error": "the input length exceeds the context length"}, 400)
            messages.pop(0)
        said = self.plan[len(self.requests) - 1]
        if body.get("think") is False:
            said = [one for one in said if not one.reasoning]
        lines = [json.loads(line) for line in ollama_stream(said).splitlines()]
        for line in lines:
            line.update(model=body["model"], created_at=CREATED)
        lines[-1].update(prompt_eval_count=tokens, total_duration=2 * 10**9, load_duration=1000)
        return 200, "application/x-ndjson", b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _json(answer: dict[str, Any], status: int = 200) -> tuple[int, str, bytes]:
    return status, "application/json; charset=utf-8", json.dumps(answer).encode()
