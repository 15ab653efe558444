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
from collections.abc import Sequence
from typing import Any

from .serving import Call, Reply, Serving, json_reply
from .wires import Said, ollama_stream

CREATED = "2026-01-01T00:00:00.000000Z"
NDJSON = "application/x-ndjson"
TOO_LONG = "the input length exceeds the context length"
TEMPLATE = "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}"


class OllamaChat(Serving):
    """A context manager on a free loopback port. Each request is answered with the next reply of the plan, streamed."""

    def __init__(
        self,
        plan: Sequence[Sequence[Said]],
        model: str = "played:latest",
        thinks: bool = True,
        default_tokens: int = 4096,
    ) -> None:
        super().__init__()
        self.plan = plan
        self.model = model
        self.thinks = thinks
        self.default_tokens = default_tokens
        self.requests: list[dict[str, Any]] = []
        self._loaded_tokens = 0

    def respond(self, call: Call) -> Reply:
        return self._post(call.path, call.json()) if call.method == "POST" else self._get(call.path)

    def _get(self, path: str) -> Reply:
        if path == "/api/version":
            return json_reply({"version": "0.32.13"})
        running = {"name": self.model, "model": self.model, "context_length": self._loaded_tokens, "size": 1}
        return json_reply({"models": [running] if self._loaded_tokens else []})

    def _post(self, path: str, body: dict[str, Any]) -> Reply:
        if body["model"] not in (self.model, self.model.removesuffix(":latest")):
            return json_reply({"error": f"model '{body['model']}' not found"}, 404)
        if path == "/api/show":
            return json_reply({"template": TEMPLATE, "details": {"family": "played"}, "model_info": {}})
        return self._chat(body)

    def _chat(self, body: dict[str, Any]) -> Reply:
        if body.get("think") and not self.thinks:
            return json_reply({"error": f'"{body["model"]}" does not support thinking'}, 400)
        self.requests.append(body)
        self._loaded_tokens = body.get("options", {}).get("num_ctx") or self.default_tokens
        tokens = fitting_tokens(body["messages"], self._loaded_tokens, body.get("truncate", True))
        if tokens is None:
            return json_reply({"error": TOO_LONG}, 400)
        said = self.plan[len(self.requests) - 1]
        if body.get("think") is False:
            said = [one for one in said if not one.reasoning]
        return Reply(body=chat_stream(said, body["model"], tokens), kind=NDJSON)


def fitting_tokens(messages: Sequence[Any], window_tokens: int, truncate: bool) -> int | None:
    """The prompt's tokens once it fits, cut at the front where that is allowed; None where it cannot be sent."""
    left = list(messages)
    while (tokens := len(json.dumps(left)) // 4) > window_tokens:
        if not truncate:
            return None
        left.pop(0)
    return tokens


def chat_stream(said: Sequence[Said], model: str, tokens: int, limit_tokens: int | None = None) -> bytes:
    lines = [json.loads(line) for line in ollama_stream(said, limit_tokens=limit_tokens).splitlines()]
    for line in lines:
        line.update(model=model, created_at=CREATED)
    lines[-1].update(prompt_eval_count=tokens, total_duration=2 * 10**9, load_duration=1000)
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)
