# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine lm_studio before something that is not LM Studio, or not one it can work with."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import Engine, EngineError, connect


@pytest.fixture
def answering() -> Iterator[Callable[..., Engine]]:
    """An engine whose server answers every path with the same status and body."""
    servers = []

    def serve(status: int, body: bytes, greets: bool = True) -> Engine:
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_unused: Any) -> None:
                pass

            def do_GET(self) -> None:
                greeted = greets and self.path == "/lmstudio-greeting"
                data = b'{"lmstudio": true}' if greeted else body
                self.send_response(200 if greeted else status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return connect("lm_studio", f"http://127.0.0.1:{servers[-1].server_address[1]}", {"home": "/nowhere"})

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "greets", "error"),
    [
        (200, b"{}", False, "is not LM Studio"),
        (404, b"no", False, "is not LM Studio: it greets with no"),
        (200, b"", False, "is not LM Studio"),
        (200, b'{"error": "Unexpected endpoint or method. (GET /api/v1/models)"}', True, "0.4 or later"),
        (200, b"\xff\xfe", True, r"does not (answer|speak JSON)"),
        (200, b"[" * 100_000, True, r"does not (answer|speak JSON)"),
        (401, b'{"error": {"message": "token required"}}', True, "token required.*API tokens off"),
        (500, json.dumps({"error": "x" * 9000}).encode(), True, "does not list its models: x{300} "),
    ],
)
def test_whatever_answers_there_is_a_typed_error(
    answering: Callable[..., Engine], status: int, body: bytes, greets: bool, error: str
) -> None:
    engine = answering(status, body, greets)
    with pytest.raises(EngineError, match=error):
        engine.loaded()
