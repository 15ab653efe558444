# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server for one folder that knows byte ranges (RFC 9110, 14), and misbehaves as it is told."""

from __future__ import annotations

import re
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

RANGE = re.compile(r"bytes=(\d+)-(\d*)$")
CHUNK_BYTES = 1 << 16
PAGE = b"<html>Who are you?</html>"


@dataclass
class RangeServer:
    """A context manager on a free loopback port. With a `certificate` (its key in the same file) it speaks https.

    `faults`: `ignores_range` (sends all), `cuts` (ends every answer after `cut_bytes`), `other_range`, `hangs` (never
    answers), `drips` (a byte now and then), `loops` (redirects to itself), `refuses` (403), `downgrades` (redirects to
    http), `asks_to_log_in` (a page, 200, instead of every file). Under `/hub/` every file is redirected to
    its place, or to `location`, with the sha256 in X-Linked-ETag, as model hubs do.
    """

    folder: Path
    faults: set[str] = field(default_factory=set)
    cut_bytes: int = 1 << 16
    sha256: str = ""
    location: str = ""
    certificate: Path | None = None
    sent_bytes: int = 0
    ranges: list[str] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"http{'s' if self.certificate else ''}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> RangeServer:
        server = self
        self._ended = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_unused: Any) -> None:
                pass

            def do_GET(self) -> None:
                try:
                    server._answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.partition("?")[0]
        if path.startswith("/hub/") or "loops" in self.faults:
            target = handler.path if "loops" in self.faults else f"/{path.rpartition('/')[2]}?signature=secret"
            if "downgrades" in self.faults:
                target = f"{self.base_url.replace('https:', 'http:')}{target}"
            target = self.location or target
            return self._head(handler, 302, 0, {"Location": target, "X-Linked-ETag": f'"{self.sha256}"'})
        file = self.folder / path.lstrip("/")
        if "refuses" in self.faults:
            return self._head(handler, 403, 0, {})
        if not file.is_file():
            return self._head(handler, 404, 0, {})
        if "asks_to_log_in" in self.faults:
            self._head(handler, 200, len(PAGE), {})
            handler.wfile.write(PAGE)
            return None
        if "hangs" in self.faults:
            self._ended.wait()
            return None
        return self._send(handler, file)

    def _send(self, handler: BaseHTTPRequestHandler, file: Path) -> None:
        size, wanted = file.stat().st_size, handler.headers.get("Range", "")
        self.ranges.append(wanted)
        asked = RANGE.match(wanted)
        begin, status, extra = 0, 200, {}
        end = size
        if asked and "ignores_range" not in self.faults:
            begin = int(asked[1]) + ("other_range" in self.faults)
            if begin >= size:
                return self._head(handler, 416, 0, {"Content-Range": f"bytes */{size}"})
            end = min(size, int(asked[2]) + 1) if asked[2] else size
            status, extra = 206, {"Content-Range": f"bytes {begin}-{end - 1}/{size}"}
        self._head(handler, status, end - begin, extra)
        if "cuts" in self.faults:
            end = min(end, begin + self.cut_bytes)
            handler.close_connection = True
        with file.open("rb") as source:
            source.seek(begin)
            while begin < end:
                chunk = source.read(1 if "drips" in self.faults else min(CHUNK_BYTES, end - begin))
                self.sent_bytes += len(chunk)
                handler.wfile.write(chunk)
                begin += len(chunk)
                if "drips" in self.faults and self._ended.wait(0.05):
                    return None
        return None

    @staticmethod
    def _head(handler: BaseHTTPRequestHandler, status: int, length: int, extra: dict[str, str]) -> None:
        handler.send_response(status)
        for name, value in {**extra, "Content-Length": str(length)}.items():
            handler.send_header(name, value)
        handler.end_headers()
