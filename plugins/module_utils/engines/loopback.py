# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine's port: plain JSON over HTTP (no proxy, no redirect, a time limit), and who listens there."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from .base import EngineRefused, EngineUnreachable, PortInUse

ANSWER_BYTES_MAX = 64 * 1024 * 1024
REASON_CHARACTERS_MAX = 300


def get_json(url: str, timeout_seconds: float) -> dict[str, Any]:
    """The JSON object at this URL; anything else is EngineUnreachable."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=timeout_seconds)
    try:
        connection.request("GET", address.path)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        answer = json.loads(body)
        if not isinstance(answer, dict):
            raise ValueError("not a JSON object")
        return answer
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise EngineUnreachable(f"{url} does not answer: {error}.", "see whether the engine runs") from error
    finally:
        connection.close()


def request_json(
    method: str,
    url: str,
    timeout_seconds: float,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """What is answered, None where that is empty. EngineRefused for an error or a redirect, else EngineUnreachable.

    The time limit is for each wait, so a stream of bytes that never ends is not cut by it.
    """
    data = None if body is None else json.dumps(body).encode()
    kind = {} if body is None else {"Content-Type": "application/json"}
    answer = exchange(method, url, timeout_seconds, data, {**kind, **(headers or {})})
    try:
        return json.loads(answer) if answer.strip() else None
    except (ValueError, RecursionError) as error:
        raise EngineUnreachable(
            f"{url} does not answer in JSON: {error}.", "see what listens at that address"
        ) from error


def exchange(
    method: str,
    url: str,
    timeout_seconds: float,
    data: bytes | BinaryIO | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """One request and the bytes of its answer, with `request_json`'s errors and limits."""
    address = urlsplit(url)
    connect = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    target = f"{address.path or '/'}?{address.query}" if address.query else address.path or "/"
    try:
        connection = connect(str(address.hostname), address.port, timeout=timeout_seconds)
    except (ValueError, http.client.HTTPException) as error:
        raise EngineUnreachable(f"{url} is no address: {error}.", "correct the engine's base_url") from error
    try:
        connection.request(method, target, data, {"Accept": "application/json", **(headers or {})})
        response = connection.getresponse()
        answer = response.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException) as error:
        what = str(error) or type(error).__name__
        raise EngineUnreachable(f"{url} does not answer: {what}.", "see whether the engine runs") from error
    finally:
        connection.close()
    if response.status >= 300:
        raise EngineRefused(response.status, _reason(answer) or response.reason)
    return answer


def _reason(answer: bytes) -> str:
    """The message in an error body, wherever the engine puts it."""
    try:
        plain = json.loads(answer)
    except (ValueError, RecursionError):
        plain = answer.decode(errors="replace")
    for key in ("error", "message"):
        plain = plain.get(key, plain) if isinstance(plain, dict) else plain
    return " ".join(str(plain).split())[:REASON_CHARACTERS_MAX]


def refuse_foreign_listener(port: int) -> None:
    """PortInUse when anything listens on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortInUse(
                f"Port {port} of 127.0.0.1 is in use by a program the lab did not start ({error.strerror}).",
                f"end it (find it with: ss -ltnp 'sport = :{port}') or choose another lab_engine_port",
            ) from error
