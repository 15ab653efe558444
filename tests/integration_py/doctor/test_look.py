# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An answer that never ends, and addresses that are none."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.doctor.look import Reply, ask

Drip = Callable[[bytes, bytes], str]


@pytest.fixture
def drip() -> Iterator[Drip]:
    """The URL of a server that sends a beginning, then a drop every 50 ms until its client is gone."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def serve(listener: socket.socket, begin: bytes, drop: bytes) -> None:
        with listener, listener.accept()[0] as client, contextlib.suppress(OSError):
            client.sendall(begin)
            for _at in itertools.count():
                if stop.wait(0.05):
                    return
                client.sendall(drop)

    def start(begin: bytes, drop: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        threads.append(threading.Thread(target=serve, args=(listener, begin, drop)))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    stop.set()
    for thread in threads:
        thread.join()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("head", ["Content-Length: 100000", "Transfer-Encoding: chunked", "Connection: close"])
def test_a_dripping_answer_is_what_came_in_time(drip: Drip, head: str) -> None:
    drop = b"1\r\nx\r\n" if "chunked" in head else b"x"
    reply = ask(drip(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode(), drop), seconds=3)
    assert (reply.state, reply.detail) == ("answers", "status 200")
    assert set(reply.body) <= {"x"}


@pytest.mark.timeout(60)
def test_a_head_that_drips_ends_too(drip: Drip) -> None:
    assert ask(drip(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"), seconds=3) == Reply("answers", "status 200")
    assert ask(drip(b"HTT", b"x"), seconds=0.5) == Reply("silent", "nothing within 0.5 s")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:81x8", "http://127.0.0.1:99999", f"http://{'a' * 70}.example.net", "http://a b/", "x", ""]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    assert ask(url, seconds=0.5).state == "refused"
