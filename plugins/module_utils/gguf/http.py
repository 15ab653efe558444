# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A range of a file over HTTP(S): a few redirects, never to a less safe scheme, through no proxy."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from ..errors import LabError

MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
CHUNK_BYTES = 1 << 16
CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18})$")
USER, SECRET = re.compile(r"//[^/]*@"), re.compile(r"[?#]")
SHA256 = re.compile(r"[0-9a-f]{64}$")


class RemoteError(LabError):
    """The file cannot be read over HTTP."""


class Interrupted(RemoteError):
    """It may go better the next time."""


class RangeIgnored(RemoteError):
    """The server would send the whole file, of `size_bytes` if it says so, instead of the part that was asked for."""

    def __init__(self, message: str, remedy: str, size_bytes: int | None = None) -> None:
        super().__init__(message, remedy)
        self.size_bytes = size_bytes


@dataclass
class Part:
    """What a server sends from byte `begin` on; `sha256` is the server's word, not a check."""

    url: str
    begin: int
    size_bytes: int
    sha256: str | None
    response: http.client.HTTPResponse
    deadline: float | None

    def chunks(self) -> Iterator[bytes]:
        try:
            while chunk := self.response.read1(CHUNK_BYTES):
                yield chunk
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _unreadable(self.url, error) from None
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise _late(self.url)


@contextlib.contextmanager
def open_part(
    url: str, begin: int, end: int | None, timeout_seconds: float, deadline: float | None = None, whole: bool = False
) -> Iterator[Part]:
    """Ask for bytes `begin` up to `end` (None: all that follow). `whole`: from the beginning, all will do as well.

    Each wait is bounded by `timeout_seconds`; the whole, a server that drips included, by `deadline` (monotonic).
    """
    sha256 = None
    for _unused in range(MOST_REDIRECTS + 1):
        with _asked(url, begin, end, timeout_seconds, deadline) as response:
            sha256 = sha256 or _sha256(response, "X-Linked-ETag")
            if response.status not in REDIRECTS:
                sha256 = sha256 or _sha256(response, "ETag")
                yield Part(url, begin, _size_bytes(url, begin, response, whole), sha256, response, deadline)
                return
            url = _next(url, response)
    raise RemoteError(f"More than {MOST_REDIRECTS} redirects, the last to {named(url)}.", "check the URL")


@contextlib.contextmanager
def _asked(
    url: str, begin: int, end: int | None, timeout_seconds: float, deadline: float | None
) -> Iterator[http.client.HTTPResponse]:
    left = timeout_seconds if deadline is None else deadline - time.monotonic()
    if left <= 0:
        raise _late(url)
    connection = _connection(url, min(timeout_seconds, left))
    cut: threading.Timer | None = None
    try:
        try:
            connection.connect()
            if deadline is not None and connection.sock is not None:
                cut = threading.Timer(max(0.0, deadline - time.monotonic()), _shut, [connection.sock])
                cut.daemon = True
                cut.start()
            parts = urlsplit(url)
            target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (f"?{parts.query}" if parts.query else "")
            last = "" if end is None else str(end - 1)
            wanted = {"Range": f"bytes={begin}-{last}", "Accept-Encoding": "identity", "User-Agent": "local_llm.lab"}
            connection.request("GET", target, headers=wanted)
            response = connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _unreadable(url, error) from None
        try:
            yield response
        finally:
            response.close()
    finally:
        if cut is not None:
            cut.cancel()
        connection.close()


def _connection(url: str, timeout_seconds: float) -> http.client.HTTPConnection:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _no_url() from None
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise RemoteError(f"{named(url)!r} is no plain http or https URL.", "give one, without a user name in it")
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=timeout_seconds, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=timeout_seconds)


def _next(url: str, response: http.client.HTTPResponse) -> str:
    try:
        target = urljoin(url, response.headers.get("Location", ""))
        scheme = urlsplit(target).scheme
    except ValueError:
        raise RemoteError(f"{named(url)} leads to what is no URL.", "use another URL or mirror") from None
    if urlsplit(url).scheme == "https" and scheme != "https":
        raise RemoteError(f"{named(url)} leads from https to {named(target)}.", "use a URL that stays on https")
    return target


def _size_bytes(url: str, begin: int, response: http.client.HTTPResponse, whole: bool) -> int:
    if response.status == 200 and whole and begin == 0 and response.length is not None:
        return response.length
    if response.status == 200:
        raise RangeIgnored(
            f"{named(url)} ignores byte ranges and would send the whole file.",
            "download it with local_llm.lab.gguf_file and name the local file",
            response.length,
        )
    if response.status == 416:
        raise RemoteError(f"{named(url)} has no byte {begin}: it is empty or shorter.", "check the URL")
    if response.status == 429 or response.status >= 500:
        raise Interrupted(f"{named(url)} answers {response.status} {response.reason}.", "try again later")
    if response.status != 206:
        remedy = "accept the model's terms or use an open mirror" if response.status in (401, 403) else "check the URL"
        raise RemoteError(f"{named(url)} answers {response.status} {response.reason}.", remedy)
    found = CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    if not found or int(found[1]) != begin:
        raise RangeIgnored(f"{named(url)} answers another byte range than asked.", "use another mirror")
    return int(found[2])


def _sha256(response: http.client.HTTPResponse, name: str) -> str | None:
    value = response.headers.get(name, "").strip().removeprefix("W/").strip('"').lower()
    return value if SHA256.match(value) else None


def _late(url: str) -> Interrupted:
    return Interrupted(f"{named(url)} did not answer in time.", "try again, or with a longer timeout_seconds")


def _unreadable(url: str, error: Exception) -> Interrupted:
    # Only the system's words are repeated: the others hold the URL, or what the server made of it.
    reason = (str(error) if isinstance(error, OSError) else "") or type(error).__name__
    return Interrupted(
        f"{named(url)} cannot be read: {reason}.", "see that this host reaches it directly; no proxy is used"
    )


def _no_url() -> RemoteError:
    """Without naming it: where a user name would end in it, nobody can tell."""
    return RemoteError("The URL of the file, or where it leads, is no URL.", "give an http or https URL")


def named(url: str) -> str:
    """The URL without what may be secret in it: a name and password, a signature."""
    return SECRET.split(USER.sub("//", url, count=1), maxsplit=1)[0]


def _shut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)  # of an encrypted one too: below its protocol
