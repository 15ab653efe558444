# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the running server's own environment says, read from a process that is called as Ollama is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import connect
from ansible_collections.local_llm.lab.plugins.module_utils.engines.listener import decoded, listener

LISTEN = """
import ctypes, socket, sys
ctypes.CDLL(None).prctl(15, b"ollama", 0, 0, 0)
family, address = (socket.AF_INET6, "::") if sys.argv[1] == "6" else (socket.AF_INET, "127.0.0.1")
with socket.socket(family) as server:
    server.bind((address, 0))
    server.listen()
    print(server.getsockname()[1], flush=True)
    sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells")
Start = Callable[..., int]


@pytest.fixture
def start() -> Iterator[Start]:
    running = []

    def start_one(family: str = "4", **environment: str) -> int:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", LISTEN, family],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"SECRET": "x", **environment},
        )
        running.append(process)
        assert process.stdout
        return int(process.stdout.readline())

    yield start_one
    for process in running:
        process.communicate()


def test_the_environment_of_the_server_is_believed_before_the_options(start: Start) -> None:
    port = start(
        OLLAMA_KV_CACHE_TYPE="q8_0", OLLAMA_NUM_PARALLEL="4", OLLAMA_FLASH_ATTENTION="1", OLLAMA_CONTEXT_LENGTH="8192"
    )
    settings = connect("ollama", f"http://127.0.0.1:{port}", {"kv_type": "f16", "parallel": 1}).settings()
    assert (settings.kv_type, settings.parallel, settings.flash_attention) == ("q8_0", 4, "on")
    assert (settings.default_context_tokens, settings.bind_address) == (8192, "127.0.0.1")


def test_what_the_environment_leaves_out_has_ollamas_default(start: Start) -> None:
    settings = connect("ollama", f"http://127.0.0.1:{start()}", {"kv_type": "q8_0", "parallel": 2}).settings()
    assert (settings.kv_type, settings.flash_attention, settings.parallel) == ("f16", "auto", 2)
    off = connect("ollama", f"http://127.0.0.1:{start(OLLAMA_FLASH_ATTENTION='false')}", {}).settings()
    assert off.flash_attention == "off"


def test_a_public_address_is_told_and_nothing_that_was_not_asked_for(start: Start) -> None:
    port = start("6", OLLAMA_HOST="0.0.0.0")
    found = listener(port, "ollama", ("OLLAMA_",))
    assert found
    assert (found.address, found.environment) == ("::", {"OLLAMA_HOST": "0.0.0.0"})


def test_another_program_on_the_port_tells_nothing(start: Start, free_port: int) -> None:
    assert listener(start(), "lms", ("LMS_",)) is None
    assert listener(free_port, "ollama", ("OLLAMA_",)) is None
    assert connect("ollama", f"http://127.0.0.1:{free_port}", {"kv_type": "q8_0"}).settings().kv_type == "q8_0"


@pytest.mark.skipif(sys.byteorder != "little", reason="written as a little-endian machine does")
@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("00000000", "0.0.0.0"),
        ("00000000000000000000000001000000", "::1"),
    ],
)
def test_an_address_of_the_kernels_table_is_read(told: str, address: str) -> None:
    assert decoded(told) == address
