# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine's loopback port: plain JSON over HTTP (no proxy, no redirect, a time limit), and who listens there."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

from .base import EngineRefused, EngineUnreachable, PortInUse

SHOWN = 300


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


def request_json(method: str, url: str, timeout_seconds: float, body: Any = None) -> Any:
    """What is answered, None where that is empty. EngineRefused for a status of 400 and more, else EngineUnreachable.

    The time limit is for each wait, so a stream of bytes that never ends is not cut.
    """
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=timeout_seconds)
    try:
        content = None if body is None else json.dumps(body).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        connection.request(method, address.path + (f"?{address.query}" if address.query else ""), content, headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status >= 400:
            raise EngineRefused(response.status, _reason(answer))
        return json.loads(answer) if answer.strip() else None
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        reason = str(error) or type(error).__name__
        raise EngineUnreachable(f"{url} does not answer: {reason}.", "see whether the engine runs") from error
    finally:
        connection.close()


def _reason(answer: bytes) -> str:
    """The message in an error body, wherever the engine puts it."""
    try:
        plain = json.loads(answer)
    except (ValueError, RecursionError):
        plain = answer.decode(errors="replace")
    if isinstance(plain, dict):
        plain = plain.get("error", plain)
    if isinstance(plain, dict):
        plain = plain.get("message", plain)
    return str(plain).strip()[:SHOWN] or "it said nothing"


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
