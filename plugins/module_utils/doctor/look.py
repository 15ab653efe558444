# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host is looked at: its files, its programs, its ports. Nothing here writes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import platform
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# A shell that nobody logged in to has a short PATH: the homes of Homebrew, LM Studio's program and sbin.
MORE_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin", "/opt/homebrew/bin", "~/.lmstudio/bin")
PROGRAM_SECONDS = 20
PORT_SECONDS = 3.0
LARGEST_BODY_BYTES = 200_000


@dataclass(frozen=True)
class Look:
    """`root` is where the host's files begin, `home` the user's folder, `system` what platform.system() says."""

    root: Path = Path("/")
    home: Path = field(default_factory=Path.home)
    system: str = field(default_factory=platform.system)

    @property
    def darwin(self) -> bool:
        return self.system == "Darwin"

    def path(self, absolute: str) -> Path:
        return self.root / absolute.lstrip("/")

    def text(self, absolute: str) -> str | None:
        """A file's text, None where it cannot be read."""
        try:
            return self.path(absolute).read_text(errors="replace")
        except OSError:
            return None

    def run(self, *words: str) -> str | None:
        """What a program says, None where there is no such program, it fails, or it says nothing in time."""
        search = os.pathsep.join([os.environ.get("PATH", ""), *(os.path.expanduser(one) for one in MORE_PATH)])
        try:
            return subprocess.run(
                words, capture_output=True, text=True, check=True, timeout=PROGRAM_SECONDS, stdin=subprocess.DEVNULL,
                env={**os.environ, "PATH": search, "LC_ALL": "C"},
            ).stdout  # fmt: skip
        except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
            return None

    def processes(self) -> Iterator[tuple[int, str, list[str]]]:
        """Process id, name and command line of every process that can be seen (Linux)."""
        for folder in self.path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                name = (folder / "comm").read_text(errors="replace").strip()
            except OSError:
                continue  # it ended meanwhile
            yield int(folder.name), name, [word.decode(errors="replace") for word in words if word]


@dataclass(frozen=True)
class Reply:
    """What came of asking a URL: `answers` (any HTTP status), `silent` (accepted, then nothing), or `refused`."""

    state: str
    detail: str
    body: str = ""


def ask(url: str, seconds: float = PORT_SECONDS) -> Reply:
    """GET this URL, without a proxy. After `seconds` the answer is what came until then."""
    try:
        address = urlsplit(url)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=seconds)
        connection.connect()
    except OSError as error:
        return Reply("refused", error.strerror or str(error))
    except (ValueError, http.client.InvalidURL) as error:  # a port or a name that cannot be one
        return Reply("refused", f"no address: {error}")
    ends_at = time.monotonic() + seconds
    cut = threading.Timer(seconds, _cut, [connection.sock])
    cut.daemon = True
    cut.start()
    try:
        connection.request("GET", address.path or "/")
        response = connection.getresponse()
        return Reply("answers", f"status {response.status}", _body(response).decode(errors="replace"))
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = time.monotonic() >= ends_at
        return Reply("silent", f"nothing within {seconds:g} s" if late else str(error) or type(error).__name__)
    finally:
        cut.cancel()
        connection.close()


def _cut(connected: socket.socket) -> None:
    """A socket's own timeout is for each packet: what drips would never end. Under TLS too, whoever reads meanwhile."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _body(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(LARGEST_BODY_BYTES)
    except http.client.IncompleteRead as error:
        return error.partial
    except OSError:
        return b""


def compact(body: dict[str, Any]) -> str:
    """A request's body, short enough for a command line."""
    return json.dumps(body, separators=(",", ":"))


def gib(count: float) -> str:
    return f"{count / 1024**3:.1f} GiB"
