# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator: a cloud with OpenAI's chat completions and model list, from OpenAI's API reference of 2026.

Nothing is loaded: who may ask and what for is all it knows. Usage is streamed when it is asked for, as there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .serving import Call, Reply, Serving, json_reply
from .wires import Said, openai_stream

HELLO = (Said(text="Hello"), Said(text=" there."))


class OpenAIStub(Serving):
    """A context manager on a free loopback port. `key` None: it asks for none. `lists` false: no `/v1/models`.

    Faults: rate_limited (429 with Retry-After), hang_in_stream.
    """

    def __init__(
        self,
        models: Sequence[str] = ("stub-1",),
        key: str | None = None,
        lists: bool = True,
        retry_after_seconds: int = 1,
        reply: Callable[[dict[str, Any]], Sequence[Said]] = lambda body: HELLO,
    ) -> None:
        super().__init__()
        self.faults: set[str] = set()
        self.models = models
        self.key = key
        self.lists = lists
        self.retry_after_seconds = retry_after_seconds
        self.reply = reply
        self.requests: list[dict[str, Any]] = []

    def resident(self) -> list[str]:
        """Nothing is ever loaded here."""
        return []

    def respond(self, call: Call) -> Reply:
        body = call.json()
        if self.key is not None and call.headers.get("Authorization") != f"Bearer {self.key}":
            return _refused(401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key")
        if "rate_limited" in self.faults:
            reply = _refused(429, "Rate limit reached.", "requests", "rate_limit_exceeded")
            reply.headers["Retry-After"] = str(self.retry_after_seconds)
            return reply
        if call.path == "/v1/models" and self.lists:
            data = [{"id": name, "object": "model", "created": 0, "owned_by": "stub"} for name in self.models]
            return json_reply({"object": "list", "data": data})
        if call.path == "/v1/chat/completions" and call.method == "POST":
            return self._complete(call, body)
        return _refused(404, f"Unknown request URL: {call.method} {call.path}.", "invalid_request_error", "unknown_url")

    def _complete(self, call: Call, body: dict[str, Any]) -> Reply:
        model = str(body.get("model"))
        if model not in self.models:
            message = f"The model `{model}` does not exist or you do not have access to it."
            return _refused(404, message, "invalid_request_error", "model_not_found")
        self.requests.append(body)
        said = self.reply(body)
        if not body.get("stream"):
            message = {"role": "assistant", "content": "".join(one.text for one in said)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 90, "completion_tokens": 30, "total_tokens": 120}
            return json_reply({"object": "chat.completion", "model": model, "choices": [choice], "usage": usage})
        wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        tokens = len(json.dumps([body.get("messages"), body.get("tools")])) // 4
        limit = body.get("max_tokens") or body.get("max_completion_tokens")
        stream = openai_stream(said, limit_tokens=limit).replace(
            b'"prompt_tokens": 90', b'"prompt_tokens": %d' % tokens
        )
        return Reply(body=self._stream(call, stream, wants_usage), kind="text/event-stream")

    def _stream(self, call: Call, stream: bytes, wants_usage: bool) -> Iterator[bytes]:
        events = stream.split(b"\n\n")[:-1]
        for number, event in enumerate(events):
            if b'"usage"' in event and not wants_usage:
                continue
            yield event + b"\n\n"
            if number == 2 and "hang_in_stream" in self.faults:
                self.wait_for_hang_up(call)
                return


def _refused(status: int, message: str, kind: str, code: str) -> Reply:
    error = {"message": message, "type": kind, "param": None, "code": code}
    return Reply(status, json.dumps({"error": error}).encode())
