# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator: an OpenAI-compatible engine that plays a plan instead of running a model. Standard library only.

It says what it is told to, streams it as llama.cpp does (chunks, usage, timings), and fails as it is told to. What it
received is kept in `requests`.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Turn:
    """One answer. `tokens` None: counted from the characters, or all that were asked for when `finish` is length.

    `fault`: status (with `status` and `body`), silent (nothing at all), drop (the connection is closed without an
    answer), hang (stops in the middle), die (the
    connection is reset in the middle), drip (goes on for ever, a word each `pause` seconds), raw (`body` as the
    stream).
    """

    text: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    reasoning: str = ""
    finish: str | None = None
    tokens: int | None = None
    prompt_tokens: int | None = None
    usage: bool = True
    drafted: tuple[int, int] | None = None  # tokens guessed ahead, and those of them that were right
    pause: float = 0.0
    speed: float = 50.0  # tokens per second
    fault: str | None = None
    status: int = 500
    body: bytes = b""


def call(name: str, **arguments: Any) -> Turn:
    return Turn(calls=((name, json.dumps(arguments)),))


def calls(*named: tuple[str, dict[str, Any]]) -> Turn:
    return Turn(calls=tuple((name, json.dumps(arguments)) for name, arguments in named))


def cut(text: str = "and so on", **more: Any) -> Turn:
    return Turn(text=text, finish="length", **more)


def error(status: int, message: str, kind: str = "server_error") -> Turn:
    body = json.dumps({"error": {"code": status, "message": message, "type": kind}}).encode()
    return Turn(fault="status", status=status, body=body)


Plan = Sequence[Turn] | Callable[[int], Turn]


@dataclass
class Received:
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


class ScriptedEngine:
    """A context manager that serves the plan on a free loopback port. After the plan, every answer is a 500."""

    def __init__(self, plan: Plan, props: dict[str, Any] | None = None) -> None:
        self._plan = plan
        self._settings = props or {}  # what /props says of a request: n_ctx, for one
        self.requests: list[Received] = []
        self.reached = threading.Event()  # set when the first fault, or the first drip, is being played
        self._closing = threading.Event()
        engine = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_unused: Any) -> None:
                pass

            def do_GET(self) -> None:
                answer: dict[str, Any] = {"object": "list", "data": [{"id": "scripted", "object": "model"}]}
                if self.path == "/props":
                    answer = {"default_generation_settings": engine._settings}
                self._whole(200, json.dumps(answer).encode())

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                engine.requests.append(Received(body, dict(self.headers)))
                engine._play(self, len(engine.requests), body)

            def _whole(self, status: int, data: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> ScriptedEngine:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def _play(self, handler: Any, number: int, body: dict[str, Any]) -> None:
        if callable(self._plan):
            turn = self._plan(number)
        else:
            turn = self._plan[number - 1] if number <= len(self._plan) else error(500, "the plan is at its end")
        if turn.fault is not None:
            self.reached.set()
        if turn.fault == "silent":
            self._closing.wait()
            handler.close_connection = True
            return
        if turn.fault == "drop":
            handler.close_connection = True
            return
        if turn.fault == "status":
            handler._whole(turn.status, turn.body)
            return
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            self._stream(handler, turn, body)
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True

    def _stream(self, handler: Any, turn: Turn, body: dict[str, Any]) -> None:
        def send(data: bytes) -> None:
            handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

        if turn.fault == "raw":
            send(turn.body)
        elif turn.fault == "drip":
            while not self._closing.wait(turn.pause):
                send(_event(_delta({"content": "word "})))
        else:
            events = list(_events(turn, body))
            for event in events[:2] if turn.fault in ("hang", "die") else events:
                if turn.pause:
                    self._closing.wait(turn.pause)
                send(event)
            if turn.fault == "hang":
                self._closing.wait()
                handler.close_connection = True
                return
            if turn.fault == "die":
                # A reset instead of an orderly end: what a killed process leaves.
                handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                handler.connection.close()
                handler.close_connection = True
                return
        handler.wfile.write(b"0\r\n\r\n")


def _events(turn: Turn, body: dict[str, Any]) -> Iterator[bytes]:
    yield _event(_delta({"role": "assistant", "content": None}))
    for key, value in (("reasoning_content", turn.reasoning), ("content", turn.text)):
        for start in range(0, len(value), 16):
            yield _event(_delta({key: value[start : start + 16]}))
    for index, (name, arguments) in enumerate(turn.calls):
        head = {"index": index, "id": f"call-{index}", "type": "function", "function": {"name": name, "arguments": ""}}
        yield _event(_delta({"tool_calls": [head]}))
        for start in range(0, len(arguments), 24):
            piece = {"index": index, "function": {"arguments": arguments[start : start + 24]}}
            yield _event(_delta({"tool_calls": [piece]}))
    finish = turn.finish or ("tool_calls" if turn.calls else "stop")
    yield _event({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    if turn.usage:
        prompt, generated = prompt_tokens(turn, body), generated_tokens(turn, body)
        usage = {"prompt_tokens": prompt, "completion_tokens": generated, "total_tokens": prompt + generated}
        usage["prompt_tokens_details"] = {"cached_tokens": prompt // 2}  # type: ignore[assignment]
        timings = {"prompt_n": prompt - prompt // 2, "prompt_per_second": 1000.0, "predicted_per_second": turn.speed}
        if turn.drafted:
            timings |= {"draft_n": turn.drafted[0], "draft_n_accepted": turn.drafted[1]}
        yield _event({"choices": [], "usage": usage, "timings": timings})
    yield b"data: [DONE]\n\n"


def prompt_tokens(turn: Turn, body: dict[str, Any]) -> int:
    if turn.prompt_tokens is not None:
        return turn.prompt_tokens
    return len(json.dumps([body["messages"], body.get("tools")])) // 4


def generated_tokens(turn: Turn, body: dict[str, Any]) -> int:
    if turn.tokens is not None:
        return turn.tokens
    if turn.finish == "length":
        return int(body["max_tokens"])
    said = turn.text + turn.reasoning + "".join(name + arguments for name, arguments in turn.calls)
    return max(1, len(said) // 4)


def _delta(delta: dict[str, Any]) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
