# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulators of engines have in common: HTTP on a free loopback port, and a client that may hang up."""

from __future__ import annotations

import json
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any


@dataclass
class Reply:
    """A body of parts is streamed, each as soon as it comes. `after` is called in the end, arrived or not."""

    status: int = 200
    body: bytes | Iterator[bytes] = b""
    kind: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    after: Callable[[], None] | None = None


def json_reply(answer: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(answer).encode(), headers={key.replace("_", "-"): headers[key] for key in headers})


@dataclass
class Call:
    method: str
    path: str
    handler: BaseHTTPRequestHandler

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.handler.headers)

    def chunks(self) -> Iterator[bytes]:
        """The request's body, whichever way its length was told."""
        source = self.handler.rfile
        if self.handler.headers.get("Transfer-Encoding") == "chunked":
            while size := int(source.readline().split(b";")[0], 16):
                yield source.read(size)
                source.readline()
            source.readline()
        else:
            left = int(self.handler.headers.get("Content-Length") or 0)
            while left and (data := source.read(min(left, 1 << 20))):
                left -= len(data)
                yield data

    def json(self) -> dict[str, Any]:
        """Empty where the body is no JSON object."""
        try:
            answer = json.loads(b"".join(self.chunks()) or b"{}")
        except ValueError:
            return {}
        return answer if isinstance(answer, dict) else {}

    def hung_up(self) -> bool:
        connection = self.handler.connection
        try:
            readable = select.select([connection], [], [], 0)[0]
            return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True


class Serving:
    """A context manager: while it is open, `respond` answers on `base_url`. `closing` is set when it ends."""

    def __init__(self) -> None:
        self.closing = threading.Event()
        serving = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_unused: Any) -> None:
                pass

            def answer(self) -> None:
                reply = serving.respond(Call(self.command, self.path, self))
                try:
                    self._send(reply)
                except OSError:
                    self.close_connection = True  # the client is gone
                finally:
                    if reply.after:
                        reply.after()

            do_GET = do_POST = do_DELETE = do_HEAD = answer

            def _send(self, reply: Reply) -> None:
                whole = isinstance(reply.body, bytes)
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.kind)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                length = ("Content-Length", str(len(reply.body))) if isinstance(reply.body, bytes) else None
                self.send_header(*(length or ("Transfer-Encoding", "chunked")))
                self.end_headers()
                if self.command == "HEAD":
                    return
                parts: Iterable[bytes] = [reply.body] if isinstance(reply.body, bytes) else reply.body
                for part in parts:
                    self.wfile.write(part if whole else b"%x\r\n%s\r\n" % (len(part), part))
                if not whole:
                    self.wfile.write(b"0\r\n\r\n")

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Any:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self.close()

    def encrypt(self, certificate: Path, private_key: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, private_key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def respond(self, call: Call) -> Reply:
        raise NotImplementedError

    def close(self) -> None:
        """What else ends with it."""

    def wait_for_hang_up(self, call: Call) -> None:
        """As long as the client waits, nothing comes."""
        while not call.hung_up() and not self.closing.wait(0.02):
            pass
