# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every engine, every way of loading, every fault: one model at a time, or the error that the page shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import memory
from ansible_collections.local_llm.lab.plugins.module_utils.engines import (
    LoadRequest,
    MemoryKept,
    connect,
    returned,
    turn,
)
from ansible_collections.local_llm.lab.plugins.module_utils.engines.placement import Placement, clear, place
from ansible_collections.local_llm.lab.plugins.module_utils.errors import LabError
from ansible_collections.local_llm.lab.tests.tools.engines_tables import ENGINES, Seen, seen

from .benches import MAKERS, MIB, Bench, answering_everything, gone, sampled

PLAYBOOK = Path(__file__).with_name("matrix.yml")
SMALL_BYTES, LARGE_BYTES = 8 * MIB, 640 * MIB  # below what is waited for, and far above it
HOST_BYTES = 16 * 1024 * MIB
LOADING = ENGINES[:3]
BROKEN_LOADS = ("second_instance", "oom_kill", "hang_in_load", "wrong_context")


@pytest.fixture
def make(
    tmp_path: Path, tiny_gguf: Path, calling_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Bench]]:
    monkeypatch.setattr(turn, "FOLDER", tmp_path)  # a port that is used again by another test is another engine
    with ExitStack() as stack:

        def made(name: str, port: int = 1, model_bytes: int = SMALL_BYTES) -> Bench:
            folder = tmp_path / name
            folder.mkdir()
            return stack.enter_context(MAKERS[name](folder, (tiny_gguf, calling_gguf), port, model_bytes))

        yield made


@pytest.fixture
def only_our_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kernel says of this test's models; other programs on the machine come and go by as much."""

    def available() -> int:
        used = 0
        for one in psutil.Process().children():
            with suppress(psutil.Error):
                used += one.memory_info().rss
        return HOST_BYTES - used

    monkeypatch.setattr(memory, "available", available)
    monkeypatch.setattr(memory, "wait_until_settled", partial(memory.wait_until_settled, measure=available))


def placed(bench: Bench, request: LoadRequest, timeout_seconds: float = 60) -> Placement:
    return place(bench.engine, request, 0, overhead_bytes=2 * LARGE_BYTES, timeout_seconds=timeout_seconds)


def expect(found: Seen) -> Any:
    """The error the page promises, by its type's name and its words."""
    return pytest.raises(LabError, check=lambda error: type(error).__name__ == found.error and found.said in str(error))


@pytest.mark.parametrize("name", ENGINES)
def test_one_model_at_a_time_and_only_when_something_has_to_be_done(
    make: Callable[..., Bench], name: str, free_port: int
) -> None:
    bench = make(name, free_port)
    loads = bench.engine.capabilities.load
    with sampled(bench) as moments:
        first = placed(bench, bench.first)
        assert first.changed == loads
        assert first.instance and first.instance.context_tokens == bench.first.context_tokens
        assert len(bench.resident()) == (1 if loads else 0)
        again = placed(bench, bench.first)
        assert (again.changed, again.instance) == (False, first.instance)

        second = placed(bench, bench.second)
        assert second.unloaded == ((first.instance.id,) if loads else ())
        assert bench.engine.loaded() == ([second.instance] if loads else [])
        assert not set(bench.resident()) & {first.instance.id, first.instance.model}

        smaller = placed(bench, replace(bench.second, context_tokens=1024))
        assert smaller.changed == loads
        assert smaller.instance and smaller.instance.context_tokens == 1024
        assert len(bench.resident()) == (1 if loads else 0)

        assert len(clear(bench.engine)) == (1 if loads else 0)
        assert clear(bench.engine) == ()
        assert bench.engine.loaded() == [] and bench.resident() == []
    assert max(map(len, moments)) == (1 if loads else 0)


@pytest.mark.parametrize(
    ("name", "fault"), [(name, fault) for name in LOADING for fault in BROKEN_LOADS if seen(fault, name).error]
)
def test_a_load_that_goes_wrong_is_the_error_of_the_page_and_leaves_nothing(
    make: Callable[..., Bench], name: str, fault: str, free_port: int
) -> None:
    bench = make(name, free_port)
    placed(bench, bench.first)
    wanted = bench.second
    if name == "llama_cpp" and fault == "wrong_context":
        wanted = replace(wanted, context_tokens=100_000)  # more than it was trained for is how llama.cpp comes to this
    bench.inject(fault)
    with sampled(bench) as moments, expect(seen(fault, name)):
        placed(bench, wanted, timeout_seconds=1 if fault == "hang_in_load" else 60)
    assert bench.engine.loaded() == [] and gone(bench)
    if fault != "second_instance":
        assert max(map(len, moments)) <= 1
    bench.inject("")
    assert placed(bench, bench.second).changed
    assert len(bench.resident()) == 1


@pytest.mark.usefixtures("only_our_memory")
@pytest.mark.parametrize("name", ["lm_studio", "ollama"])
def test_memory_that_does_not_come_back_stops_every_load_until_it_has(
    make: Callable[..., Bench], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returned, "SETTLE_SECONDS", 2.0)
    bench = make(name, model_bytes=LARGE_BYTES)
    with sampled(bench) as moments:
        placed(bench, bench.first)
        bench.inject("memory_kept")
        with expect(seen("memory_kept", name)) as raised:
            placed(bench, bench.second)
        kept = raised.value
        assert isinstance(kept, MemoryKept)
        assert kept.kept["kept_bytes"] > LARGE_BYTES / 4 and kept.kept["held_bytes"] > LARGE_BYTES / 2
        assert bench.engine.loaded() == [], "the engine says that there is room"
        with expect(seen("memory_kept", name)):
            placed(bench, bench.second)
        with expect(seen("memory_kept", name)):
            clear(bench.engine)
    assert max(map(len, moments)) == 1
    assert all(word in kept.remedy for word in ("restart", bench.engine.processes[0]))


@pytest.mark.usefixtures("only_our_memory")
@pytest.mark.parametrize("name", ["lm_studio", "ollama"])
def test_a_model_is_loaded_only_when_the_memory_of_the_one_before_is_back(
    make: Callable[..., Bench], name: str
) -> None:
    bench = make(name, model_bytes=LARGE_BYTES)
    first = placed(bench, bench.first)
    assert first.resident_bytes and first.resident_bytes >= LARGE_BYTES, "measured, whatever the engine says"
    bench.inject("slow_unload")
    with sampled(bench) as moments:
        assert placed(bench, bench.second).changed
    assert max(map(len, moments)) == 1
    assert len(bench.resident()) == 1


def test_a_process_that_does_not_want_to_end_is_waited_for_and_killed(
    make: Callable[..., Bench], free_port: int
) -> None:
    bench = make("llama_cpp", free_port)
    bench.inject("slow_unload")
    with sampled(bench) as moments:
        placed(bench, bench.first)
        bench.inject("")
        assert placed(bench, bench.second).unloaded == ("a",)
    assert max(map(len, moments)) == 1


@pytest.mark.parametrize("name", ["lm_studio", "ollama"])
def test_what_a_chat_loaded_is_replaced_by_what_was_asked(make: Callable[..., Bench], name: str) -> None:
    bench = make(name)
    bench.inject("jit_default_context")
    with sampled(bench) as moments:
        bench.chat("a")
        (by_chat,) = bench.engine.loaded()
        assert by_chat.context_tokens == 4096
        found = placed(bench, bench.first)
    assert found.changed and found.unloaded == (by_chat.id,)
    assert found.instance and found.instance.context_tokens == bench.first.context_tokens
    assert max(map(len, moments)) == 1


def test_not_exclusive_leaves_the_others_and_exclusive_unloads_only_them(make: Callable[..., Bench]) -> None:
    bench = make("ollama")
    first = placed(bench, bench.first).instance
    beside = place(bench.engine, bench.second, 0, 0, timeout_seconds=60, exclusive=False)
    assert beside.changed and beside.unloaded == ()
    assert sorted(one.model for one in bench.engine.loaded()) == ["a", "b"]
    wider = replace(bench.second, context_tokens=4096)
    assert place(bench.engine, wider, 0, 0, timeout_seconds=60, exclusive=False).unloaded == ("b:latest",)
    assert place(bench.engine, bench.first, 0, 0, timeout_seconds=60, exclusive=False).changed is False

    foreseen = place(bench.engine, bench.first, 0, 0, timeout_seconds=60, check=True)
    alone = placed(bench, bench.first)
    assert (foreseen.unloaded, foreseen.after) == (alone.unloaded, alone.after) == (("b:latest",), (first,))
    assert alone.changed and alone.load_seconds is None, "what is as asked is not loaded again"
    assert bench.engine.loaded() == [first]


@pytest.mark.parametrize("name", ENGINES)
def test_what_is_no_engine_is_not_taken_for_one(make: Callable[..., Bench], name: str, free_port: int) -> None:
    bench = make(name, free_port)
    with answering_everything(free_port) as url:
        bench.engine = connect(name, url, bench.options)
        with expect(seen("unknown_paths_answer_200", name)):
            placed(bench, bench.first)
    assert bench.resident() == []


@pytest.mark.parametrize("name", ENGINES)
def test_a_model_the_engine_does_not_have(
    make: Callable[..., Bench], name: str, free_port: int, tmp_path: Path, tiny_gguf: Path
) -> None:
    bench = make(name, free_port)
    placed(bench, bench.first)
    path = tmp_path / "new.gguf"
    if name in ("lm_studio", "ollama"):
        path.write_bytes(tiny_gguf.read_bytes() + b"\0" * 32)
    asked = replace(bench.first, name="new", path=str(path))
    found = seen("not_offered", name)
    if found.error:
        with expect(found):
            placed(bench, asked)
        assert len(bench.resident()) == (1 if bench.engine.capabilities.load else 0), "what was loaded stays"
    else:
        assert placed(bench, asked).changed and bench.engine.has(asked)


def test_the_module_does_the_same_on_every_engine(make: Callable[..., Bench], free_port: int, tmp_path: Path) -> None:
    benches = [make(name, free_port) for name in ENGINES]
    hosts = {
        bench.name: {
            "engine": bench.name,
            "base_url": bench.engine.base_url,
            "engine_options": bench.options,
            "loads": bench.engine.capabilities.load,
            "first": {key: getattr(bench.first, key) for key in ("name", "path", "parallel")},
            "second": {key: getattr(bench.second, key) for key in ("name", "path", "parallel")},
        }
        for bench in benches
    }
    everywhere = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": everywhere}}))
    with ExitStack() as stack:
        moments = [stack.enter_context(sampled(bench)) for bench in benches]
        played = subprocess.run(
            [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(inventory), str(PLAYBOOK)],
            capture_output=True, text=True, check=False, env=os.environ | {"ANSIBLE_NOCOLOR": "1"},
        )  # fmt: skip
    assert played.returncode == 0, played.stdout + played.stderr
    for bench, seen_here in zip(benches, moments, strict=True):
        assert max(map(len, seen_here)) == (1 if bench.engine.capabilities.load else 0), bench.name
        assert bench.resident() == [], bench.name
