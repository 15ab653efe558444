# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine llama_cpp against the real llama.cpp."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import gguf, processes
from ansible_collections.local_llm.lab.plugins.module_utils.engines import (
    EngineError,
    LoadFailed,
    LoadRequest,
    PortInUse,
    connect,
)
from ansible_collections.local_llm.lab.plugins.module_utils.engines.placement import Placement, clear, place

MIB = 1024**2
TEMPLATE = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant]\n"


def server_pid(engine: Any) -> int:
    return int(json.loads(engine.state_file.read_text())["pid"])


def placed(engine: Any, request: LoadRequest, reserve_bytes: int = 0, check: bool = False) -> Placement:
    return place(engine, request, reserve_bytes, overhead_bytes=64 * MIB, timeout_seconds=60, check=check)


@pytest.fixture
def request_tiny(tiny_gguf: Path) -> LoadRequest:
    return LoadRequest("tiny", str(tiny_gguf), context_tokens=1024)


def test_what_is_loaded_is_read_back_from_the_server(llama_cpp: Any, request_tiny: LoadRequest) -> None:
    asked = replace(
        request_tiny, parallel=2, kv_type="q8_0", flash_attention="on", chat_template=TEMPLATE, context_tokens=1000
    )
    instance = llama_cpp.load(asked, timeout_seconds=60)
    assert (instance.model, instance.path) == ("tiny", os.path.realpath(asked.path))
    assert (instance.context_tokens, instance.parallel) == (1024, 2), "llama.cpp rounds a window up to 256"
    assert instance.build == llama_cpp.build()
    assert instance.resident_bytes > 10 * MIB
    assert llama_cpp.loaded() == [instance]
    assert llama_cpp.serves(instance, asked)
    for other in (replace(asked, kv_type="f16"), replace(asked, chat_template=None), replace(asked, name="x")):
        assert not llama_cpp.serves(instance, other)


def test_a_chat_over_the_loaded_model_goes_through_its_template(
    llama_server: Callable[..., Any], tiny_gguf: Path
) -> None:
    engine = llama_server(tiny_gguf, chat_template=TEMPLATE)
    connection = http.client.HTTPConnection("127.0.0.1", engine.port, timeout=30)
    body = json.dumps({"messages": [{"role": "user", "content": "hi"}], "max_tokens": 4, "ignore_eos": True})
    connection.request("POST", "/apply-template", body, {"Content-Type": "application/json"})
    assert json.load(connection.getresponse())["prompt"] == "[user] hi\n[assistant]"
    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    assert json.load(connection.getresponse())["usage"]["completion_tokens"] == 4
    connection.close()


def test_the_same_again_changes_nothing_and_another_replaces_it(
    llama_cpp: Any, request_tiny: LoadRequest, smollm2_gguf: Path
) -> None:
    first = placed(llama_cpp, request_tiny)
    pid = server_pid(llama_cpp)
    assert first.changed and first.load_seconds
    again = placed(llama_cpp, request_tiny)
    assert (again.changed, again.instance) == (False, first.instance)
    assert server_pid(llama_cpp) == pid

    since = processes.started(pid)
    other = placed(llama_cpp, LoadRequest("smollm2", str(smollm2_gguf), context_tokens=2048))
    assert other.changed and other.unloaded == ("tiny",)
    assert not processes.is_alive(pid, since)
    assert [one.model for one in llama_cpp.loaded()] == ["smollm2"]
    assert other.instance and other.instance.resident_bytes
    assert other.admission.predicted_bytes == pytest.approx(other.instance.resident_bytes, rel=0.3)

    assert [one.id for one in clear(llama_cpp)] == ["smollm2"]
    assert clear(llama_cpp) == ()


def test_a_replaced_file_is_loaded_anew(llama_cpp: Any, request_tiny: LoadRequest, tmp_path: Path) -> None:
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(Path(request_tiny.path).read_bytes())
    asked = replace(request_tiny, path=str(copy))
    placed(llama_cpp, asked)
    os.utime(copy, (1, 1))
    assert placed(llama_cpp, asked).changed


def test_a_killed_server_is_seen_and_loaded_again(llama_cpp: Any, request_tiny: LoadRequest) -> None:
    placed(llama_cpp, request_tiny)
    pid = server_pid(llama_cpp)
    since = processes.started(pid)
    os.kill(pid, signal.SIGKILL)
    assert processes.stop(pid, since, grace_seconds=5)
    assert llama_cpp.loaded() == []
    assert placed(llama_cpp, request_tiny).changed
    assert len(llama_cpp.loaded()) == 1


def test_a_server_that_hangs_is_unloaded_all_the_same(llama_cpp: Any, request_tiny: LoadRequest) -> None:
    placed(llama_cpp, request_tiny)
    pid = server_pid(llama_cpp)
    since = processes.started(pid)
    os.kill(pid, signal.SIGSTOP)
    llama_cpp.unload("tiny")
    assert not processes.is_alive(pid, since)


def test_a_recycled_process_id_is_never_killed(llama_cpp: Any, request_tiny: LoadRequest) -> None:
    placed(llama_cpp, request_tiny)
    llama_cpp.unload_all()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        state = {"pid": bystander.pid, "started": "another:1", "build": "x", "spec": {"name": "tiny"}}
        llama_cpp.state_file.write_text(json.dumps(state))
        assert llama_cpp.loaded() == []
        llama_cpp.unload_all()
        assert bystander.poll() is None
        bystander.kill()


def test_a_foreign_listener_is_named_by_its_port(llama_cpp: Any, request_tiny: LoadRequest) -> None:
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", llama_cpp.port))
        foreign.listen()
        with pytest.raises(PortInUse, match=rf"Port {llama_cpp.port} .* in use.*lab_engine_port"):
            placed(llama_cpp, request_tiny)


def test_a_bad_file_is_refused_before_anything_is_unloaded(
    llama_cpp: Any, request_tiny: LoadRequest, tmp_path: Path
) -> None:
    placed(llama_cpp, request_tiny)
    garbage = tmp_path / "garbage.gguf"
    garbage.write_bytes(os.urandom(5000))
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(Path(request_tiny.path).read_bytes()[:-1000])
    for bad in (garbage, cut, tmp_path / "missing.gguf"):
        with pytest.raises(gguf.GgufError, match=bad.name):
            placed(llama_cpp, replace(request_tiny, path=str(bad)))
    assert [one.model for one in llama_cpp.loaded()] == ["tiny"]


def test_what_llama_cpp_itself_refuses_leaves_nothing_behind(
    llama_cpp: Any, request_tiny: LoadRequest, tmp_path: Path
) -> None:
    unknown = tmp_path / "unknown.gguf"
    unknown.write_bytes(Path(request_tiny.path).read_bytes().replace(b"qwen3moe", b"qwen9moe"))
    with pytest.raises(LoadFailed, match=r"unknown model architecture.*server\.log"):
        llama_cpp.load(replace(request_tiny, path=str(unknown)), timeout_seconds=60)
    assert llama_cpp.loaded() == []
    with socket.socket() as probe:
        # What was asked of the server may linger in TIME_WAIT: nobody listens, which is the point.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", llama_cpp.port))
        probe.listen()


def test_a_context_the_model_cannot_have_is_not_taken_for_granted(llama_cpp: Any, request_tiny: LoadRequest) -> None:
    with pytest.raises(LoadFailed, match="context of 4096 tokens instead of 100000"):
        llama_cpp.load(replace(request_tiny, context_tokens=100000), timeout_seconds=60)
    assert llama_cpp.loaded() == []


def test_a_load_that_does_not_fit_is_a_result_and_leaves_the_host_empty(
    llama_cpp: Any, request_tiny: LoadRequest
) -> None:
    placed(llama_cpp, request_tiny)
    refused = placed(llama_cpp, request_tiny, reserve_bytes=1 << 60)
    assert not refused.admission.admitted and refused.instance is None
    assert refused.unloaded == ("tiny",)
    assert llama_cpp.loaded() == []


def test_check_mode_tells_and_does_nothing(llama_cpp: Any, request_tiny: LoadRequest) -> None:
    assert placed(llama_cpp, request_tiny, check=True).changed
    assert llama_cpp.loaded() == []
    placed(llama_cpp, request_tiny)
    assert not placed(llama_cpp, request_tiny, check=True).changed
    assert placed(llama_cpp, replace(request_tiny, parallel=2), check=True).unloaded == ("tiny",)
    assert [one.id for one in clear(llama_cpp, check=True)] == ["tiny"]
    assert len(llama_cpp.loaded()) == 1


def test_unloading_in_the_middle_of_a_load_ends_both(llama_cpp: Any, smollm2_gguf: Path) -> None:
    caught: list[EngineError] = []

    def load() -> None:
        try:
            llama_cpp.load(LoadRequest("smollm2", str(smollm2_gguf), 8192), timeout_seconds=60)
        except EngineError as error:
            caught.append(error)

    loading = threading.Thread(target=load)
    loading.start()
    other = connect("llama_cpp", llama_cpp.base_url, llama_cpp.options)
    while loading.is_alive() and not other.loaded():
        pass
    assert [one.ready for one in other.unload_all()] == [False]
    loading.join(timeout=30)
    assert caught and "while loading" in caught[0].message
    assert llama_cpp.loaded() == []


def test_the_server_gets_none_of_the_callers_secrets(
    llama_server: Callable[..., Any], tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_API_KEY", "planted-secret")
    engine = llama_server(tiny_gguf)
    pid = server_pid(engine)
    assert b"planted-secret" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert os.getsid(pid) == pid
