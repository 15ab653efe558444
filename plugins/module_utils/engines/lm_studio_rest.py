# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of LM Studio's REST API v1 that the lab makes."""

from __future__ import annotations

from typing import Any

from .base import EngineError, EngineRefused, EngineUnreachable, LoadFailed, LoadRequest, UnloadFailed
from .lm_studio_models import Listed, read_models
from .loopback import request_json

ANSWER_SECONDS = 30.0


class Rest:
    """LM Studio on this loopback port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def greet(self) -> None:
        """A path LM Studio does not know answers 200 too: only the greeting says that it is LM Studio."""
        try:
            answer = request_json("GET", f"{self.url}/lmstudio-greeting", ANSWER_SECONDS)
        except EngineRefused as error:
            answer = error.reason
        except EngineUnreachable as error:
            raise EngineUnreachable(error.message, f"start it: lms server start --port {self.port}") from error
        if not isinstance(answer, dict) or answer.get("lmstudio") is not True:
            raise EngineUnreachable(
                f"What listens on {self.url} is not LM Studio: it greets with {str(answer)[:80]}.",
                f"find it with: ss -ltnp 'sport = :{self.port}'; or correct lab_engine_port",
            )

    def models(self) -> list[Listed]:
        self.greet()
        try:
            return read_models(request_json("GET", f"{self.url}/api/v1/models", ANSWER_SECONDS))
        except EngineRefused as error:
            remedy = "turn its API tokens off: it listens on loopback" if error.status in (401, 403) else error.remedy
            raise EngineError(f"LM Studio does not list its models: {error.reason}", remedy) from error

    def load(self, key: str, request: LoadRequest, timeout_seconds: float) -> None:
        """Load with what REST can ask for; LoadFailed when the applied config, echoed, is another."""
        asked: dict[str, Any] = {"context_length": request.context_tokens}
        if request.flash_attention != "auto":
            asked["flash_attention"] = request.flash_attention == "on"
        if request.experts_used is not None:
            asked["num_experts"] = request.experts_used
        body = {"model": key, **asked, "echo_load_config": True}
        answer = request_json("POST", f"{self.url}/api/v1/models/load", timeout_seconds, body)
        applied = answer.get("load_config") if isinstance(answer, dict) else None
        if not isinstance(applied, dict):
            raise LoadFailed(f"LM Studio answers a load with {str(answer)[:120]}.", "update LM Studio to 0.4 or later")
        wrong = [
            f"{name} {applied.get(name)} instead of {asked[name]}" for name in asked if applied.get(name) != asked[name]
        ]
        if wrong:
            raise LoadFailed(f"LM Studio loaded {key} with {', '.join(wrong)}.", "see what its log says of the load")

    def unload(self, instance_id: str, timeout_seconds: float) -> None:
        reason = ""
        for name in ("instance_id", "model_instance_id"):  # the beta's name for it
            try:
                request_json("POST", f"{self.url}/api/v1/models/unload", timeout_seconds, {name: instance_id})
                return
            except EngineRefused as error:
                reason = reason or error.reason
        raise UnloadFailed(f"LM Studio refuses to unload {instance_id}: {reason}", "see what its log says")
