# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Streaming chat completions over HTTP: one client per trial, one connection kept alive."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from .assembler import Assembler
from .completion import Completion, ToolCall, Usage
from .errors import ChatError, EngineFailure, StreamError, TurnOverrun
from .faults import UnreadableReply, fault, fault_of_body
from .sse import SseParser
from .watchdog import Watchdog

CONNECT_SECONDS = 5.0
# Shorter than the 5 s after which llama.cpp and others close an idle connection.
KEEPALIVE_SECONDS = 4.0
# llama.cpp also closes connections right after a streamed answer. A request that goes into a closing connection comes
# back at once and without a byte of an answer: it was never seen, and is sent again. Later, it is the engine's failure.
STALE_SECONDS = 1.0
# An engine that leaves the connection open after the stream's end mark is not waited for.
END_SECONDS = 1.0
ERROR_BODY_BYTES = 65536
# Below this, a prompt speed says more about the fixed cost of a call than about the engine.
SPEED_PROMPT_TOKENS = 16


@dataclass(frozen=True)
class Deadlines:
    """When to stop waiting. `turn_at` is a moment of time.monotonic().

    A stream that is alive at `turn_at` is a TurnOverrun. One that is silent then gets `grace_seconds` to prove that it
    is alive: silence is never charged to the model. So a call ends at the latest `grace_seconds` after `turn_at`.
    `silence_seconds` is long because a long prompt, or an engine that holds a tool call back until it is whole, is
    silent too.
    """

    turn_at: float
    silence_seconds: float = 120.0
    grace_seconds: float = 30.0

    def silent_at(self, heard: float) -> float:
        """Until when the engine may stay silent after it was last heard."""
        return min(heard + self.silence_seconds, max(self.turn_at, heard) + self.grace_seconds)


class Client:
    """`complete()` is one model call, whole or a ChatError. The key goes into one header and nowhere else."""

    def __init__(self, base_url: str, api_key: str | None, model: str) -> None:
        import httpx

        self._httpx = httpx
        self._model = model
        self._key = api_key or ""
        root = base_url.rstrip("/").removesuffix("/v1")
        self._url = f"{root}/v1/chat/completions"
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",
        }
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        # Loading the certificates takes longer than a turn: not for a loopback URL. No proxies, no .netrc.
        self._http = httpx.Client(
            headers=headers,
            trust_env=False,
            verify=root.startswith("https:"),
            limits=httpx.Limits(max_connections=1, keepalive_expiry=KEEPALIVE_SECONDS),
        )
        self._watchdog = Watchdog()
        self._connected = False  # whether there may be a connection left from the last call

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._watchdog.close()
        self._http.close()

    def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        sampling: Mapping[str, Any],
        max_tokens: int,
        deadlines: Deadlines,
        on_tokens: Callable[[int], None] | None = None,
    ) -> Completion:
        body: dict[str, Any] = {
            **sampling,
            "model": self._model,
            "messages": messages,
            "max_tokens": max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if tools:
            body["tools"] = tools
        content = json.dumps(body).encode()
        call = _Call(deadlines, on_tokens)
        try:
            try:
                self._stream(content, call)
            except _StaleConnection:
                call = _Call(deadlines, on_tokens)
                self._stream(content, call)
        except UnreadableReply as error:
            return call.unreadable(error.message, len(content))
        except ChatError as error:
            raise self._clean(error) from None
        return call.completion(len(content))

    def _stream(self, content: bytes, call: _Call) -> None:
        httpx = self._httpx
        silent_at = call.deadlines.silent_at(call.started)
        timeout = httpx.Timeout(silent_at - call.started, connect=CONNECT_SECONDS)
        try:
            with self._http.stream("POST", self._url, content=content, timeout=timeout) as response:
                self._connected = call.answered = True
                self._watchdog.guard(response.extensions["network_stream"].get_extra_info("socket"), silent_at)
                try:
                    if response.status_code != 200:
                        raise fault_of_body(response.status_code, _head(response.iter_raw()))
                    for data in response.iter_raw():
                        self._watchdog.move(call.take(data))
                finally:
                    self._watchdog.release()
        except (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError) as error:
            if call.parser.done:
                return  # all of it came; only the connection is not kept
            silent = time.monotonic() - call.heard_at
            if self._connected and not call.answered and silent < STALE_SECONDS:
                self._connected = False
                raise _StaleConnection from None
            if self._watchdog.fired or isinstance(error, httpx.ReadTimeout):
                raise EngineFailure(f"The engine was silent for {silent:.1f} s.") from None
            raise EngineFailure(f"The engine broke the connection off ({type(error).__name__}: {error}).") from None
        except httpx.HTTPError as error:
            raise EngineFailure(f"The engine cannot be talked to ({type(error).__name__}: {error}).") from None

    def _clean(self, error: ChatError) -> ChatError:
        """Engines echo keys in their error messages; ours must not."""
        if self._key and self._key in error.message:
            error.message = error.message.replace(self._key, "***")
            error.args = (error.message, error.remedy)
        return error


class _StaleConnection(Exception):
    """The kept connection was closed by the engine before it saw the request."""


class _Call:
    """The state of one call while it streams."""

    def __init__(self, deadlines: Deadlines, on_tokens: Callable[[int], None] | None) -> None:
        self.deadlines = deadlines
        self.parser = SseParser()
        self.assembler = Assembler()
        self.started = self.heard_at = time.monotonic()
        self.first_at: float | None = None
        self.answered = False
        self._on_tokens = on_tokens

    def take(self, data: bytes) -> float:
        """Take a piece of the stream in; returns the moment until which the next one must come."""
        self.heard_at = time.monotonic()
        assembler = self.assembler
        for chunk in self.parser.feed(data):
            if chunk.get("error"):
                raise fault(None, chunk["error"])
            assembler.add(chunk)
        if self.first_at is None and assembler.deltas:
            self.first_at = self.heard_at
        if self.heard_at > self.deadlines.turn_at and assembler.finish_reason is None:
            raise TurnOverrun(self.heard_at - self.started, assembler.count(0).generated_tokens)
        if self._on_tokens:
            self._on_tokens(assembler.deltas)
        if self.parser.done:
            return self.heard_at + END_SECONDS
        return self.deadlines.silent_at(self.heard_at)

    def completion(self, prompt_characters: int) -> Completion:
        assembler = self.assembler
        if assembler.finish_reason is None:
            raise StreamError("The engine's stream ended before the completion did.")
        return self._result(assembler.finish_reason, assembler.tool_calls(), prompt_characters)

    def unreadable(self, message: str, prompt_characters: int) -> Completion:
        call = ToolCall("call_1", "", self.assembler.text, None, f"the engine could not read it: {message}")
        return self._result("unreadable", (call,), prompt_characters)

    def _result(self, finish_reason: str, calls: tuple[ToolCall, ...], prompt_characters: int) -> Completion:
        assembler, ended = self.assembler, self.heard_at
        first = self.first_at if self.first_at is not None else ended
        usage = assembler.count(prompt_characters)
        return Completion(
            text=assembler.text,
            reasoning=assembler.reasoning,
            tool_calls=calls,
            finish_reason=finish_reason,
            usage=usage,
            ttft_seconds=first - self.started,
            prompt_tokens_per_second=_prompt_speed(usage, assembler.timings, first - self.started),
            generated_tokens_per_second=_generated_speed(usage, assembler.timings, ended - first),
            seconds=ended - self.started,
        )


def _prompt_speed(usage: Usage, timings: Mapping[str, Any], seconds: float) -> float | None:
    processed, speed = timings.get("prompt_n"), timings.get("prompt_per_second")
    if isinstance(processed, int) and isinstance(speed, (int, float)):
        return float(speed) if processed >= SPEED_PROMPT_TOKENS else None
    fresh = usage.prompt_tokens - usage.cached_tokens
    return fresh / seconds if fresh >= SPEED_PROMPT_TOKENS and seconds > 0 else None


def _generated_speed(usage: Usage, timings: Mapping[str, Any], seconds: float) -> float | None:
    speed = timings.get("predicted_per_second")
    if isinstance(speed, (int, float)) and usage.generated_tokens > 1:
        return float(speed)
    # The first token's time is the prompt's.
    return (usage.generated_tokens - 1) / seconds if usage.generated_tokens > 1 and seconds > 0 else None


def _head(pieces: Any) -> bytes:
    body = b""
    for piece in pieces:
        body += piece
        if len(body) > ERROR_BODY_BYTES:
            break
    return body
