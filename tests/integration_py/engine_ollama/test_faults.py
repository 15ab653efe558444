# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine ollama against its simulator when things go wrong: an error that says what, and nothing left loaded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import LoadFailed, LoadRequest, UnloadFailed
from ansible_collections.local_llm.lab.plugins.module_utils.engines.ollama import Ollama as Engine
from ansible_collections.local_llm.lab.tests.fakes.ollama import Ollama

MIB = 1 << 20
LOAD_SECONDS = 30.0
HELLO = ({"role": "user", "content": "hi"},)


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("second_instance", "has loaded a:.*, a:"),
        ("wrong_context", "context of 1024 tokens instead of 2048"),
        ("oom_kill", "signal: killed"),
    ],
)
def test_a_load_gone_wrong_leaves_nothing(
    server: Ollama, engine: Engine, asked: LoadRequest, fault: str, said: str
) -> None:
    server.faults.add(fault)
    with pytest.raises(LoadFailed, match=said):
        engine.load(asked, LOAD_SECONDS)
    assert (engine.loaded(), server.resident()) == ([], [])
    server.faults.clear()
    engine.load(asked, LOAD_SECONDS)


def test_a_load_gone_wrong_leaves_what_was_there(server: Ollama, engine: Engine, asked: LoadRequest) -> None:
    engine.load(replace(asked, name="b"), LOAD_SECONDS)
    server.faults.add("wrong_context")
    with pytest.raises(LoadFailed):
        engine.load(asked, LOAD_SECONDS)
    assert server.resident() == ["b:latest"]


def test_a_load_that_hangs_ends_at_its_time_limit(server: Ollama, engine: Engine, asked: LoadRequest) -> None:
    server.faults.add("hang_in_load")
    with pytest.raises(LoadFailed, match=r"had not loaded a after 0\.5 s"):
        engine.load(asked, 0.5)
    wait_until(lambda: server.resident() == [])
    assert engine.loaded() == []


def test_an_unload_is_waited_for(server: Ollama, engine: Engine, asked: LoadRequest) -> None:
    engine.load(asked, LOAD_SECONDS)
    server.faults.add("slow_unload")
    engine.unload("a")
    assert (engine.loaded(), server.resident()) == ([], [])


def test_memory_that_is_kept_is_no_longer_listed(server: Ollama, engine: Engine, asked: LoadRequest) -> None:
    engine.load(asked, LOAD_SECONDS)
    server.faults.add("memory_kept")
    engine.unload("a")
    assert (engine.loaded(), server.resident()) == ([], ["a:latest"])


def test_a_busy_model_is_not_unloaded_and_that_is_said(server: Ollama, engine: Engine, asked: LoadRequest) -> None:
    engine.load(asked, LOAD_SECONDS)
    server.faults.add("hang_in_stream")
    body = {"model": "a", "messages": list(HELLO), "options": {"num_ctx": 2048}, "shift": False}
    release = threading.Event()

    def chat() -> None:
        with httpx.stream("POST", f"{server.base_url}/api/chat", json=body, timeout=60) as stream:
            lines = stream.iter_lines()
            next(lines)
            release.wait(60)

    talking = threading.Thread(target=chat, daemon=True)
    talking.start()
    wait_until(lambda: bool(server.requests))
    engine.unload_seconds = 0.5
    with pytest.raises(UnloadFailed, match=r"still lists a 0\.5 s after"):
        engine.unload("a")
    release.set()
    talking.join()
    engine.unload_seconds = 30
    engine.unload("a")
    assert server.resident() == []


@pytest.mark.parametrize("deleted", [True, False])
def test_a_model_whose_name_no_longer_leads_to_it_needs_a_restart(
    server: Ollama, engine: Engine, asked: LoadRequest, deleted: bool
) -> None:
    engine.load(asked, LOAD_SECONDS)
    if deleted:
        httpx.request("DELETE", f"{server.base_url}/api/delete", json={"model": "a"}).raise_for_status()
    else:
        server.add("a", size_bytes=2 * MIB)
    (instance,) = engine.loaded()
    assert (instance.ready, instance.path, engine.serves(instance, asked)) == (False, "", False)
    with pytest.raises(UnloadFailed, match=r"made anew or deleted while it was loaded.*restart"):
        engine.unload_all()


def test_two_names_of_one_file_are_one_model(server: Ollama, engine: Engine, file: Path) -> None:
    for name in ("one", "two"):
        engine.add(LoadRequest(name, str(file), 1024), LOAD_SECONDS)
    engine.load(LoadRequest("one", str(file), 1024), LOAD_SECONDS)
    with pytest.raises(LoadFailed, match="another name of the same file"):
        engine.load(LoadRequest("two", str(file), 1024), LOAD_SECONDS)


def test_a_jit_load_with_the_default_context_is_seen(server: Ollama, engine: Engine, asked: LoadRequest) -> None:
    server.faults.add("jit_default_context")
    body = {"model": "a", "messages": list(HELLO), "options": {"num_ctx": 2048}, "stream": False, "keep_alive": -1}
    httpx.post(f"{server.base_url}/api/chat", json=body).raise_for_status()
    (instance,) = engine.loaded()
    assert instance.context_tokens == 4096
    assert not engine.serves(instance, asked)
