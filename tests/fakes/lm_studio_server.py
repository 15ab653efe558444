# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP of the LM Studio simulator: paths and shapes from `1_developer/2_rest` of lmstudio-ai/docs at c6854fb."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from .wires import event, openai_stream

if TYPE_CHECKING:
    from .lm_studio import LmStudio, Model

STATUS_PATH = "/api/v1/models/download/status/"
CRASHED = "The model has crashed without additional information. (Exit code: null)"


class Refused(Exception):
    """An answer with an error in it."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def refusal(status: int, code: str | None, message: str, parameter: str) -> Refused:
    error = {"message": message, "type": "invalid_request_error", "param": parameter, "code": code}
    return Refused(status, {"error": error})


class Server:
    """Serves the simulator from threads of its own until `close`."""

    def __init__(self, studio: LmStudio) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_unused: Any) -> None:
                pass

            def do_GET(self) -> None:
                self.serve({})

            def do_POST(self) -> None:
                self.serve(json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}"))

            def serve(self, body: dict[str, Any]) -> None:
                studio.requests.append((self.command, self.path, body))
                try:
                    if (self.command, self.path) == ("POST", "/v1/chat/completions"):
                        self.chat(body)
                    else:
                        self.answer(200, answer(studio, self.command, self.path, body))
                except Refused as refused:
                    self.answer(refused.status, refused.body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # whoever asked is gone; what it asked for is done all the same

            def answer(self, status: int, plain: dict[str, Any]) -> None:
                data = json.dumps(plain).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def chat(self, body: dict[str, Any]) -> None:
                loaded = studio.for_chat(str(body.get("model")))
                tokens = _fitting_tokens(body, loaded.config["context_length"])
                stream = openai_stream(studio.reply(body), limit_tokens=body.get("max_tokens"))
                stream = stream.replace(b'"prompt_tokens": 90', b'"prompt_tokens": %d' % tokens)
                first, rest = stream.split(b"\n\n", 1)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.close_connection = True
                self.end_headers()
                self.wfile.write(first + b"\n\n")
                studio.hanging("hang_in_stream")
                if "oom_kill" in studio.faults:
                    loaded.process.end()
                if not loaded.process.alive():
                    rest = b"event: error\n" + event({"error": {"message": CRASHED}})
                self.wfile.write(rest)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.port = int(self._http.server_address[1])
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


def answer(studio: LmStudio, command: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    if command == "POST":
        calls = {
            "/api/v1/models/load": lambda: studio.load({**body, "parallel": None, "identifier": None}),
            "/api/v1/models/unload": lambda: studio.unload(body),
            "/api/v1/models/download": lambda: studio.download(body),
            "/program/load": lambda: studio.load(body),  # the program speaks a protocol of its own, not this
        }
    else:
        calls = {
            "/lmstudio-greeting": lambda: {"lmstudio": True},
            "/api/v1/models": lambda: {"models": [_listed(studio, one) for one in studio.known()]},
            "/v1/models": lambda: {"data": [{"id": name, "object": "model"} for name in _served(studio)]},
            "/program/ls": lambda: {"models": [_on_disk(one) for one in studio.known()]},
        }
        if path.startswith(STATUS_PATH):
            return studio.download_status(path[len(STATUS_PATH) :])
    if path in calls:
        return calls[path]()
    return {"error": f"Unexpected endpoint or method. ({command} {path})"}


def _fitting_tokens(body: dict[str, Any], window_tokens: int) -> int:
    """The prompt's tokens as they are read.

    What comes before the model's first word has to fit; of a longer history the middle is left out without a word (the
    default since lmstudio-js 47; bug tracker 546, 1806, 2256).
    """
    messages = body.get("messages") or []
    first = next((at for at, message in enumerate(messages) if message["role"] == "assistant"), len(messages))
    kept, tokens = (len(json.dumps([part, body.get("tools")])) // 4 for part in (messages[:first], messages))
    if kept >= window_tokens:
        message = (
            "The number of tokens to keep from the initial prompt is greater than the context length "
            f"(n_keep: {kept} >= n_ctx: {window_tokens}). Try to load the model with a larger context length, or "
            "provide a shorter prompt."
        )
        raise refusal(400, None, message, "messages")
    return min(tokens, window_tokens)


def _listed(studio: LmStudio, model: Model) -> dict[str, Any]:
    instances = [{"id": one.id, "config": one.config} for one in studio.instances() if one.model.key == model.key]
    return {
        "type": "llm",
        "publisher": model.publisher,
        "key": model.key,
        "display_name": model.key.rpartition("/")[2],
        "architecture": "llama",
        "quantization": {"name": "Q4_K_M", "bits_per_weight": 4},
        "size_bytes": model.size_bytes,
        "params_string": None,
        "loaded_instances": instances,
        "max_context_length": model.max_context_length,
        "format": "gguf",
        "capabilities": {"vision": False, "trained_for_tool_use": True},
        "description": None,
    }


def _served(studio: LmStudio) -> list[str]:
    return [one.key for one in studio.known()] if studio.jit_loading else [one.id for one in studio.instances()]


def _on_disk(model: Model) -> dict[str, Any]:
    return {
        "type": "llm",
        "modelKey": model.key,
        "format": "gguf",
        "displayName": model.key.rpartition("/")[2],
        "publisher": model.publisher,
        "path": model.path,
        "sizeBytes": model.size_bytes,
        "maxContextLength": model.max_context_length,
        "deviceIdentifier": None,
    }
