# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ruler: a process that answers chat completions from a plan and notes when each request came, and at what cost.

It has to be faster than anything it measures: answers are made beforehand, requests are read and not parsed. Each run
has a path of its own, so that all are measured against one process. POST /RUN/plan takes the plan, POST /RUN/watch the
process whose CPU clock is read at every request, GET /RUN/marks gives [seconds, CPU seconds, bytes] of each request.
"""

from __future__ import annotations

import json
import re
import socketserver
import time
from dataclasses import dataclass, field
from typing import Any

STREAMED = re.compile(rb'"stream":\s*true')
ARGUMENT_CHARACTERS_PER_EVENT = 4  # about what an engine streams as one token


@dataclass
class Run:
    """`answers` are (events of a stream, whole message); the last one is given again and again."""

    answers: list[tuple[list[bytes], dict[str, Any]]] = field(default_factory=list)
    clock: int | None = None
    marks: list[tuple[float, float, int]] = field(default_factory=list)

    def plan(self, calls: list[tuple[str, dict[str, Any]]]) -> None:
        self.answers = [_answer(number, name, json.dumps(given)) for number, (name, given) in enumerate(calls)]

    def watch(self, pid: int) -> None:
        # clock_getcpuclockid(3): the CPU clock of another process, all its threads, none of its children.
        self.clock = (~pid << 3) | 2

    def mark(self, size_bytes: int) -> None:
        cpu_seconds = time.clock_gettime(self.clock) if self.clock is not None else 0.0
        self.marks.append((time.monotonic(), cpu_seconds, size_bytes))


RUNS: dict[str, Run] = {}


class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    wbufsize = 0

    def handle(self) -> None:
        while line := self.rfile.readline():
            method, path, _version = line.decode().split(" ", 2)
            length = 0
            while (header := self.rfile.readline()) not in (b"\r\n", b""):
                if header[:15].lower() == b"content-length:":
                    length = int(header[15:])
            self._answer(method, path, self.rfile.read(length))

    def _answer(self, method: str, path: str, body: bytes) -> None:
        _root, name, *rest = path.split("/")
        run = RUNS.setdefault(name, Run())
        if rest[-1:] == ["completions"] and method == "POST":
            run.mark(len(body))
            self._complete(run, body)
        elif rest == ["plan"]:
            run.plan(json.loads(body))
            self._whole(b"{}")
        elif rest == ["watch"]:
            run.watch(json.loads(body))
            self._whole(b"{}")
        elif rest == ["marks"]:
            self._whole(json.dumps(run.marks).encode())
        else:
            self._whole(b'{"error": {"message": "not found"}}', b"404 Not Found")

    def _complete(self, run: Run, body: bytes) -> None:
        events, message = run.answers[min(len(run.marks), len(run.answers)) - 1]
        usage = {"prompt_tokens": len(body) // 4, "completion_tokens": 40, "total_tokens": len(body) // 4 + 40}
        if not STREAMED.search(body):
            self._whole(json.dumps({**message, "usage": usage}).encode())
            return
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for event in events:
            self.wfile.write(event)
        last = _event({"choices": [], "usage": usage, "timings": {"prompt_n": 100, "prompt_per_second": 1000.0}})
        self.wfile.write(last + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")

    def _whole(self, data: bytes, status: bytes = b"200 OK") -> None:
        head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(data))
        self.wfile.write(head + data)


def _answer(number: int, name: str, arguments: str) -> tuple[list[bytes], dict[str, Any]]:
    identity = f"call-{number}"
    function = {"name": name, "arguments": ""}
    deltas: list[dict[str, Any]] = [
        {"role": "assistant", "content": None},
        {"tool_calls": [{"index": 0, "id": identity, "type": "function", "function": function}]},
    ]
    for start in range(0, len(arguments), ARGUMENT_CHARACTERS_PER_EVENT):
        piece = arguments[start : start + ARGUMENT_CHARACTERS_PER_EVENT]
        deltas.append({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "tool_calls"})
    call = {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    whole = {
        "id": identity,
        "object": "chat.completion",
        "created": 0,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
    }
    return [_event({"choices": [choice]}) for choice in choices], whole


def _event(chunk: dict[str, Any]) -> bytes:
    return _chunk(b"data: " + json.dumps(chunk).encode() + b"\n\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


if __name__ == "__main__":
    with Server(("127.0.0.1", 0), Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
