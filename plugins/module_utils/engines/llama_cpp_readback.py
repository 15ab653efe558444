# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a llama.cpp server says of its model (GET /props), and where that is not what was asked."""

from __future__ import annotations

import hashlib
import os
from typing import Any
from urllib.parse import urlsplit

from .base import EngineError, Instance, LoadRequest

CONTEXT_STEP_TOKENS = 256  # llama.cpp rounds a window up to this
LOOPBACK = ("127.0.0.1", "localhost")


def loopback_port(base_url: str) -> int:
    """The port of a loopback URL; nothing else will do, since llama.cpp has no key by default."""
    address = urlsplit(str(base_url))
    if address.hostname not in LOOPBACK or not address.port:
        raise EngineError(
            f"llama_cpp serves on a loopback port only, not on {base_url}.",
            "use http://127.0.0.1:<port>, and a tunnel where the controller is another machine",
        )
    return address.port


def instance_from(
    props: dict[str, Any], instance_id: str, build: str | None, resident_bytes: int | None, kv_bytes: int | None
) -> Instance:
    template = str(props.get("chat_template") or "")
    return Instance(
        id=instance_id,
        model=str(props["model_alias"]),
        path=str(props["model_path"]),
        context_tokens=int(props["default_generation_settings"]["n_ctx"]),
        parallel=int(props["total_slots"]),
        chat_template_sha256=sha256(template) if template else None,
        build=build,
        resident_bytes=resident_bytes,
        kv_bytes=kv_bytes,
    )


def differences(instance: Instance, request: LoadRequest) -> str:
    """Where the loaded model is not what was asked, in words; empty when it is."""
    found = []
    if not request.context_tokens <= instance.context_tokens < request.context_tokens + CONTEXT_STEP_TOKENS:
        found.append(f"context of {instance.context_tokens} tokens instead of {request.context_tokens}")
    if instance.parallel != request.parallel:
        found.append(f"{instance.parallel} slots instead of {request.parallel}")
    if os.path.realpath(instance.path) != os.path.realpath(request.path):
        found.append(f"the file {instance.path} instead of {request.path}")
    if request.chat_template is not None:
        asked = request.chat_template[: -1 if request.chat_template.endswith("\n") else None]  # as Jinja does
        if instance.chat_template_sha256 not in (sha256(asked), sha256(request.chat_template)):
            found.append("another chat template")
    return ", ".join(found)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
