# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator of Ollama, driven by the vendor's own client: what the client reads is what a real server sends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import ollama
import pytest

from ansible_collections.local_llm.lab.tests.fakes.ollama import Ollama

MIB = 1 << 20


@pytest.fixture
def server() -> Iterator[Ollama]:
    with Ollama(registry={"smol": 3 * MIB}) as running:
        yield running


@pytest.fixture
def client(server: Ollama) -> ollama.Client:
    return ollama.Client(server.base_url)


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)


def test_a_model_is_pulled_listed_shown_and_deleted(server: Ollama, client: ollama.Client) -> None:
    steps = list(client.pull("smol", stream=True))
    assert (steps[0].status, steps[-1].status) == ("pulling manifest", "success")
    assert max(step.completed or 0 for step in steps) == 3 * MIB
    (listed,) = client.list().models
    assert (listed.model, listed.details.format if listed.details else None) == ("smol:latest", "gguf")
    shown = client.show("smol")
    assert shown.modelinfo and shown.modelinfo["llama.context_length"] == 131072
    assert "FROM /" in (shown.modelfile or "")
    client.delete("smol")
    assert client.list().models == []
    with pytest.raises(ollama.ResponseError, match="not found") as missing:
        client.delete("smol")
    assert missing.value.status_code == 404
    with pytest.raises(ollama.ResponseError, match="file does not exist"):
        client.pull("unknown")


def test_a_gguf_becomes_a_model_and_its_bytes_come_over_once(
    server: Ollama, client: ollama.Client, tmp_path: Path
) -> None:
    (tmp_path / "a.gguf").write_bytes(b"GGUF" + bytes(MIB))
    digest = client.create_blob(tmp_path / "a.gguf")
    assert client.create("one", files={"a.gguf": digest}).status == "success"
    client.create_blob(tmp_path / "a.gguf")
    assert [step.status for step in client.create("two", from_="one", stream=True)][-1] == "success"
    assert server.store.received == [digest]
    client.delete("one")
    assert client.show("TWO").modelfile  # the blob is still needed, and case does not matter
    with pytest.raises(ollama.ResponseError, match="unknown type"):
        (tmp_path / "b.gguf").write_bytes(b"nothing of the kind")
        client.create("three", files={"b.gguf": client.create_blob(tmp_path / "b.gguf")})


def test_what_is_loaded_has_the_asked_context_and_takes_the_memory_it_says(
    server: Ollama, client: ollama.Client
) -> None:
    server.add("a", size_bytes=MIB)
    assert client.generate("a", options={"num_ctx": 2048}, keep_alive=-1).done_reason == "load"
    (running,) = client.ps().models
    assert (running.name, running.context_length) == ("a:latest", 2048)
    assert running.size == running.size_vram == MIB + 2048 * 1024
    assert running.expires_at and running.expires_at.year > 2200
    assert server.resident() == ["a:latest"]
    assert client.generate("a", keep_alive=0).done_reason == "unload"
    assert (client.ps().models, server.resident()) == ([], [])


def test_slots_and_kv_type_change_the_bytes() -> None:
    told = {"OLLAMA_NUM_PARALLEL": "4", "OLLAMA_KV_CACHE_TYPE": "q8_0", "OLLAMA_CONTEXT_LENGTH": "1024"}
    with Ollama(told, gpu_share=0.5) as server:
        server.add("a", size_bytes=MIB)
        client = ollama.Client(server.base_url)
        assert client.chat("a", []).done_reason == "load"
        (running,) = client.ps().models
        assert running.context_length == 1024
        assert running.size == MIB + 4 * 1024 * 1024 * 34 // 64
        assert running.size_vram == running.size // 2


def test_a_chat_with_another_window_loads_the_model_anew(server: Ollama, client: ollama.Client) -> None:
    server.add("a", size_bytes=MIB)
    client.generate("a", options={"num_ctx": 2048}, keep_alive=-1)
    (first,) = server.runners.listed()
    hello: list[dict[str, str]] = [{"role": "user", "content": "hi"}]
    reply = client.chat("a", hello, options={"num_ctx": 2048})
    assert (reply.message.content, reply.done_reason) == ("Hello there.", "stop")
    assert server.runners.listed() == [first]
    assert "".join(part.message.content or "" for part in client.chat("a", hello, stream=True)) == "Hello there."
    (second,) = client.ps().models
    assert second.context_length == 4096
    assert not first.process.alive()
    second_process = server.runners.listed()[0].process
    asked = {"model": "a", "keep_alive": "5m", "options": {"num_ctx": 4096}, "shift": False}
    httpx.post(f"{server.base_url}/api/generate", json=asked).raise_for_status()
    assert not second_process.alive()  # so does a chat that asks for no shift
    client.generate("a", "hi", options={"num_ctx": 200000})
    assert client.ps().models[0].context_length == 131072  # never more than it was trained for


def test_a_model_goes_when_its_time_is_over_or_another_needs_the_place() -> None:
    with Ollama({"OLLAMA_MAX_LOADED_MODELS": "1", "OLLAMA_KEEP_ALIVE": "200ms"}) as server:
        for name in "ab":
            server.add(name, size_bytes=MIB)
        client = ollama.Client(server.base_url)
        client.generate("a", keep_alive="1h")
        client.generate("b", keep_alive=-1)
        assert server.resident() == ["b:latest"]
        client.generate("b", keep_alive="200ms")
        wait_until(lambda: server.resident() == [])


def test_a_model_made_anew_while_loaded_cannot_be_unloaded_by_its_name(server: Ollama, client: ollama.Client) -> None:
    server.add("a", size_bytes=MIB)
    client.generate("a", keep_alive=-1)
    server.add("a", size_bytes=2 * MIB)
    client.generate("a", keep_alive=0)
    assert server.resident() == ["a:latest"]


@pytest.mark.parametrize("path", ["/api/nothing", "/v2/models"])
def test_an_unknown_path_is_an_error_here(server: Ollama, path: str) -> None:
    assert httpx.get(server.base_url + path).status_code == 404


def test_faults(server: Ollama, client: ollama.Client) -> None:
    server.add("a", size_bytes=MIB)
    server.faults.add("second_instance")
    client.generate("a")
    assert sorted(one.name or "" for one in client.ps().models) == ["a:2", "a:latest"]
    assert sorted(server.resident()) == ["a:2", "a:latest"]
    client.generate("a:2", keep_alive=0)
    server.faults.clear()
    server.faults.add("slow_unload")
    client.generate("a", keep_alive=0)
    assert server.resident() == ["a:latest"]
    wait_until(lambda: server.resident() == [] and not client.ps().models)
    server.faults.clear()
    server.faults.add("wrong_context")
    client.generate("a", options={"num_ctx": 2048})
    assert client.ps().models[0].context_length == 1024
    server.faults.clear()
    server.faults.add("memory_kept")
    client.generate("a", keep_alive=0)
    assert (client.ps().models, server.resident()) == ([], ["a:latest"])


def test_a_killed_runner_breaks_the_stream_and_stays_listed(server: Ollama, client: ollama.Client) -> None:
    server.add("a", size_bytes=MIB)
    client.generate("a", keep_alive=-1)
    server.faults.add("oom_kill")
    with pytest.raises(ollama.ResponseError, match="unexpectedly stopped"):
        list(client.chat("a", [{"role": "user", "content": "hi"}], stream=True))
    assert server.resident() == []
    assert [one.name for one in client.ps().models] == ["a:latest"]
    client.generate("a", keep_alive=0)
    with pytest.raises(ollama.ResponseError, match="signal: killed"):
        client.generate("a")
    assert server.resident() == []


@pytest.mark.parametrize("fault", ["hang_in_load", "hang_in_stream"])
def test_a_hang_ends_when_the_client_hangs_up(server: Ollama, fault: str) -> None:
    server.add("a", size_bytes=MIB)
    server.faults.add(fault)
    impatient = ollama.Client(server.base_url, timeout=0.5)
    with pytest.raises(httpx.ReadTimeout):
        list(impatient.chat("a", [{"role": "user", "content": "hi"}], stream=True, keep_alive=0))
    wait_until(lambda: server.resident() == [])


def test_the_cloud_api_drops_the_window(server: Ollama, client: ollama.Client) -> None:
    server.add("a", size_bytes=MIB)
    body = {"model": "a", "messages": [{"role": "user", "content": "hi"}], "options": {"num_ctx": 2048}, "stream": True}
    assert "[DONE]" in httpx.post(f"{server.base_url}/v1/chat/completions", json=body).text
    assert client.ps().models[0].context_length == 4096


def test_loads_come_one_after_another(server: Ollama, client: ollama.Client) -> None:
    for name in "abc":
        server.add(name, size_bytes=MIB)
    threads = [threading.Thread(target=client.generate, args=[name]) for name in "abca"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(server.resident()) == ["a:latest", "b:latest", "c:latest"]
