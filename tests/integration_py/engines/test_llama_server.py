# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine llama_cpp over the real llama-server: one process per model, and its router."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import processes
from ansible_collections.local_llm.lab.plugins.module_utils.engines import (
    Instance,
    LoadFailed,
    LoadRequest,
    OptionUnsupported,
    connect,
)
from ansible_collections.local_llm.lab.plugins.module_utils.engines.llama_cpp_log import VERBOSITY
from ansible_collections.local_llm.lab.plugins.module_utils.engines.placement import Placement, clear, place
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import Client, Deadlines
from ansible_collections.local_llm.lab.tests.fakes.tiny_mtp import write_tiny_mtp

from .conftest import serving_router

TEMPLATE = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant]\n"
MIB = 1024**2


@pytest.fixture
def server(llama_server_program: str, free_port: int, tmp_path: Path) -> Iterator[Any]:
    options = {"server": llama_server_program, "state_dir": str(tmp_path / "engine"), "threads": 1}
    engine = connect("llama_cpp", f"http://127.0.0.1:{free_port}", options)
    yield engine
    clear(engine)


@pytest.fixture(params=["server", "router"])
def engine(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture
def tiny(tiny_gguf: Path) -> LoadRequest:
    return LoadRequest("tiny", str(tiny_gguf), 1000)


@pytest.fixture
def other(calling_gguf: Path) -> LoadRequest:
    return LoadRequest("other", str(calling_gguf), 2048)


def placed(engine: Any, request: LoadRequest) -> Placement:
    return place(engine, request, reserve_bytes=0, overhead_bytes=64 * MIB, timeout_seconds=60)


def processes_of(folder: Path) -> list[str]:
    """The command lines of every process that has a file of this test open by name."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in line and "--model " in line:
            found.append(line)
    return found


def test_every_part_of_a_load_config_is_applied_and_read_back(engine: Any, tiny: LoadRequest) -> None:
    asked = replace(tiny, parallel=2, kv_type="q8_0", flash_attention="on", chat_template=TEMPLATE, experts_used=3)
    instance = placed(engine, asked).instance
    assert isinstance(instance, Instance) and engine.loaded() == [instance]
    assert (instance.model, instance.path) == ("tiny", os.path.realpath(tiny.path))
    assert (instance.context_tokens, instance.parallel) == (1024, 2), "llama.cpp rounds a window up to 256"
    assert instance.resident_bytes and instance.resident_bytes > 10 * MIB
    for changed in ({"kv_type": "f16"}, {"chat_template": None}, {"experts_used": None}, {"flash_attention": "off"}):
        assert not engine.serves(instance, replace(asked, **changed)), changed
    assert not placed(engine, asked).changed
    assert placed(engine, replace(asked, experts_used=None)).changed


def test_speculative_decoding_drafts_and_is_read_back(engine: Any, tiny: LoadRequest, tmp_path: Path) -> None:
    by_itself = LoadRequest("tiny", str(write_tiny_mtp(tmp_path / "mtp.gguf")), 1024, speculative="mtp")
    by_another = replace(tiny, speculative="draft", draft_path=tiny.path)
    for asked in (by_another, by_itself):
        placement = placed(engine, asked)
        assert placement.instance and engine.serves(placement.instance, asked)
        assert not placed(engine, asked).changed
        assert not engine.serves(placement.instance, replace(asked, speculative="off"))
        with Client(engine.base_url, None, "tiny") as client:
            messages = [{"role": "user", "content": "hello"}]
            said = client.complete(messages, [], {"temperature": 0}, 32, Deadlines(time.monotonic() + 120))
        assert said.draft_tokens >= said.draft_accepted_tokens and said.draft_tokens > 0


def test_another_model_replaces_the_first_and_an_unload_leaves_none(
    engine: Any, tiny: LoadRequest, other: LoadRequest
) -> None:
    placed(engine, tiny)
    assert len(processes_of(Path(tiny.path).parent)) == 1
    second = placed(engine, other)
    assert second.changed and second.unloaded == ("tiny",)
    assert processes_of(Path(tiny.path).parent) == []
    assert [one.model for one in engine.loaded()] == ["other"]
    assert [one.id for one in clear(engine)] == ["other"]
    assert clear(engine) == () and engine.loaded() == []
    assert processes_of(Path(other.path).parent) == []


def test_a_file_of_an_unknown_architecture_leaves_nothing_behind(
    engine: Any, tiny: LoadRequest, tmp_path: Path
) -> None:
    unknown = tmp_path / "unknown.gguf"
    unknown.write_bytes(Path(tiny.path).read_bytes().replace(b"qwen3moe", b"qwen9moe"))
    with pytest.raises(LoadFailed, match=r"ended with code 1 while loading.*log"):
        engine.load(replace(tiny, path=str(unknown)), timeout_seconds=60)
    assert engine.loaded() == []


def test_a_context_the_model_cannot_have_is_told_with_both_numbers(engine: Any, tiny: LoadRequest) -> None:
    with pytest.raises(LoadFailed, match="context of 4096 tokens instead of 100000"):
        placed(engine, replace(tiny, context_tokens=100000))
    assert engine.loaded() == []


def test_a_killed_model_is_seen_and_loaded_again(engine: Any, tiny: LoadRequest) -> None:
    placed(engine, tiny)
    (line,) = processes_of(Path(tiny.path).parent)
    (pid,) = processes.with_arguments(line.split())
    os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 60
    while engine.loaded() and time.monotonic() < end:
        time.sleep(0.1)
    assert engine.loaded() == []
    assert placed(engine, tiny).changed


def test_the_build_names_what_computes(server: Any) -> None:
    assert re.fullmatch(r"llama-server \S.* \([\w, ]+, 1 thread\)", server.build())


def test_the_kv_cache_is_as_large_as_the_server_says(server: Any, tiny: LoadRequest) -> None:
    instance = placed(server, replace(tiny, context_tokens=2048)).instance
    assert instance and instance.kv_bytes == 2 * MIB  # 4 layers, 2 heads of 32 + 32, 2 bytes
    assert f"verbosity = {VERBOSITY}" in server.log_file.read_text()


def test_a_caller_killed_before_it_wrote_the_process_down_leaves_none(
    server: Any, llama_server_program: str, tiny: LoadRequest, tmp_path: Path
) -> None:
    dies = (
        "import json, os, sys\n"
        "from ansible_collections.local_llm.lab.plugins.module_utils.engines import LoadRequest, connect\n"
        "from ansible_collections.local_llm.lab.plugins.module_utils.engines import llama_cpp_process\n"
        "llama_cpp_process.write_whole = lambda *_unused, **_more: os._exit(9)\n"
        "told = json.loads(sys.argv[1])\n"
        "connect('llama_cpp', told['url'], told['options']).load(LoadRequest(**told['request']), 60)\n"
    )
    options = {"server": llama_server_program, "state_dir": str(tmp_path / "engine")}
    told = {"url": server.base_url, "options": options, "request": tiny.__dict__}
    assert subprocess.run([sys.executable, "-c", dies, json.dumps(told)], check=False).returncode == 9
    end = time.monotonic() + 60
    while processes_of(Path(tiny.path).parent) and time.monotonic() < end:
        time.sleep(0.05)
    assert processes_of(Path(tiny.path).parent) == []


def test_a_router_with_models_of_its_own_serves_them_as_it_was_started(
    llama_server_program: str, free_port: int, tmp_path: Path, tiny: LoadRequest
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "mine.gguf").write_bytes(Path(tiny.path).read_bytes())
    asked = replace(tiny, name="mine", path=str(models / "mine.gguf"), context_tokens=1024)
    with ExitStack() as stack:
        arguments = ("--models-dir", str(models), "--models-max", "1", "--ctx-size", "1024", "--parallel", "1")
        router = stack.enter_context(serving_router(llama_server_program, free_port, tmp_path, *arguments))
        assert router.settings().jit_loading is False
        assert router.has(asked) and not router.has(replace(asked, name="x", path="/nowhere/x.gguf"))
        assert placed(router, asked).changed and not placed(router, asked).changed
        with pytest.raises(OptionUnsupported, match="kv_type = q8_0 cannot be set per load"):
            placed(router, replace(asked, kv_type="q8_0"))
        with pytest.raises(LoadFailed, match="context of 1024 tokens instead of 2048"):
            placed(router, replace(asked, context_tokens=2048))
        assert router.loaded() == []


def test_a_router_that_is_asked_for_a_model_while_another_is_loading_ends_with_one(
    router: Any, tiny: LoadRequest, other: LoadRequest
) -> None:
    failed: list[Exception] = []

    def load(request: LoadRequest) -> None:
        try:
            placed(connect("llama_cpp", router.base_url, router.options), request)
        except Exception as error:
            failed.append(error)

    both = [threading.Thread(target=load, args=(one,)) for one in (tiny, other)]
    for one in both:
        one.start()
    for one in both:
        one.join(timeout=100)
    assert failed == []
    assert len(router.loaded()) == 1
