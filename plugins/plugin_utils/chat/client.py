# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Streaming chat completions over HTTP: one client per trial, one connection kept alive."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

from .completion import Completion
from .dialects import dialect
from .errors import ChatError, EngineFailure
from .exchange import Deadlines, Exchange
from .faults import UnreadableReply, fault_of_body
from .watchdog import Watchdog

CONNECT_SECONDS = 5.0
# Shorter than the 5 s after which llama.cpp and others close an idle connection.
KEEPALIVE_SECONDS = 4.0
# llama.cpp also closes connections right after a streamed answer. A request that goes into a closing connection comes
# back at once and without a byte of an answer: it was never seen, and is sent again. Later, it is the engine's failure.
STALE_SECONDS = 1.0
ERROR_BODY_BYTES = 262144  # an error may quote the model's whole reply
# Has nothing in common with a trial's prompt but what a template puts before every prompt.
OTHER_PROMPT = ({"role": "system", "content": "0."}, {"role": "user", "content": "1"})
MAX_SENDINGS = 4  # of one call: once stale, and as often as a refusal teaches how to ask


_Error = TypeVar("_Error", bound=ChatError)


class Client:
    """`complete()` is one model call, whole or a ChatError. The key goes into one header and nowhere else.

    `cold`: the first call is made with an empty prompt cache, as far as the engine lets one ask for that.
    """

    def __init__(
        self, base_url: str, api_key: str | None, model: str, engine: str = "llama_cpp", cold: bool = False
    ) -> None:
        import httpx

        self._httpx = httpx
        self._model = model
        self._key = api_key or ""
        self._dialect = dialect(engine)
        root = base_url.rstrip("/").removesuffix("/v1")
        self._url = f"{root}{self._dialect.path}"
        headers = {
            "Content-Type": "application/json",
            "Accept": self._dialect.parser.accept,
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
        self._cold = cold
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
        """`sampling` is the chat config: `reasoning` (on, off, low, medium, high) and what the engine takes by name."""
        cold, self._cold = self._cold, False
        if cold and self._dialect.cold({}) is None:
            self.complete(OTHER_PROMPT, [], sampling, 1, deadlines)
        for _sending in range(MAX_SENDINGS):
            body = self._dialect.body(self._model, messages, tools, sampling, max_tokens)
            content = json.dumps(self._dialect.cold(body) or body if cold else body).encode()
            exchange = Exchange(self._dialect, len(content), deadlines, on_tokens)
            try:
                try:
                    self._stream(content, exchange)
                except UnreadableReply as error:
                    return exchange.unreadable(self._clean(error))
                return exchange.completion()
            except _StaleConnection:
                continue
            except ChatError as error:
                refused = isinstance(error, EngineFailure) and not exchange.heard
                if refused and self._dialect.learn(error):
                    continue
                raise self._clean(error) from None
        raise EngineFailure("The engine refused the call again and again.")

    def _stream(self, content: bytes, exchange: Exchange) -> None:
        httpx = self._httpx
        silent_at = exchange.deadlines.silent_at(exchange.started)
        timeout = httpx.Timeout(silent_at - exchange.started, connect=CONNECT_SECONDS)
        try:
            with self._http.stream("POST", self._url, content=content, timeout=timeout) as response:
                self._connected = exchange.answered = True
                self._watchdog.guard(response.extensions["network_stream"].get_extra_info("socket"), silent_at)
                try:
                    if response.status_code != 200:
                        raise fault_of_body(response.status_code, _head(response.iter_raw()))
                    for data in response.iter_raw():
                        self._watchdog.move(exchange.take(data))
                finally:
                    self._watchdog.release()
        except (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError) as error:
            if exchange.parser.done:
                return  # all of it came; only the connection is not kept
            silent = time.monotonic() - exchange.heard_at
            if self._connected and not exchange.answered and silent < STALE_SECONDS:
                self._connected = False
                raise _StaleConnection from None
            if self._watchdog.fired or isinstance(error, httpx.ReadTimeout):
                raise EngineFailure(f"The engine was silent for {silent:.1f} s.") from None
            raise EngineFailure(f"The engine broke the connection off ({type(error).__name__}: {error}).") from None
        except httpx.HTTPError as error:
            raise EngineFailure(f"The engine cannot be talked to ({type(error).__name__}: {error}).") from None

    def _clean(self, error: _Error) -> _Error:
        """Engines echo keys in their error messages; ours must not."""
        if self._key and self._key in error.message:
            error.message = error.message.replace(self._key, "***")
            error.args = (error.message, error.remedy)
        return error


class _StaleConnection(Exception):
    """The kept connection was closed by the engine before it saw the request."""


def _head(pieces: Any) -> bytes:
    body = b""
    for piece in pieces:
        body += piece
        if len(body) > ERROR_BODY_BYTES:
            break
    return body
