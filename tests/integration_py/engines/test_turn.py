# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process at a time changes what an engine has loaded, and the turn goes with the process that has it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import Instance, LoadRequest
from ansible_collections.local_llm.lab.plugins.module_utils.engines.placement import clear, place
from ansible_collections.local_llm.lab.plugins.module_utils.engines.turn import FOLDER, EngineBusy, turn

LOADED = Instance("m", "m", "/m.gguf", 4096, 1, None, None)
HOLD = (
    "import sys\n"
    "from ansible_collections.local_llm.lab.plugins.module_utils.engines.turn import turn\n"
    "with turn(sys.argv[1], 30):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


@contextmanager
def another_process(url: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"held\n"
        yield process
        process.kill()


@pytest.fixture
def url(free_port: int) -> Iterator[str]:
    yield f"http://127.0.0.1:{free_port}"
    (FOLDER / f"local_llm_lab-engine-{free_port}.json").unlink(missing_ok=True)


def test_the_loser_is_told_which_process_has_the_turn(url: str) -> None:
    with another_process(url) as holder, pytest.raises(EngineBusy) as busy, turn(url, timeout_seconds=0.3):
        pass
    assert f"Process {holder.pid} " in busy.value.message and "wait for it" in busy.value.remedy


def test_whoever_waits_long_enough_gets_it(url: str) -> None:
    with another_process(url) as holder:
        assert holder.stdin
        threading.Timer(0.5, holder.stdin.close).start()
        with turn(url, timeout_seconds=60):
            assert holder.wait(60) == 0


def test_a_killed_process_leaves_the_turn_to_the_next(url: str) -> None:
    with another_process(url) as holder:
        holder.kill()
        with turn(url, timeout_seconds=60):
            pass


def test_another_engine_on_the_host_is_not_waited_for(url: str) -> None:
    with another_process(url), turn("http://127.0.0.1:1", timeout_seconds=0):
        pass


def test_what_a_load_took_is_known_to_the_next_process_until_it_is_unloaded(url: str) -> None:
    with turn(url, 1) as held:
        held.note_load(LOADED, 7)
    with turn(url, 1) as held:
        assert held.took(LOADED) == 7
        assert held.took(replace(LOADED, context_tokens=8192)) is None, "another load config is another load"
        held.keep_only([])
    assert not held.path.exists(), "nothing is left where nothing is known"
    with turn(url, 1) as held:
        assert held.took(LOADED) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"took": [1], "missing": {"a": -1, "b": "c"}}', b"\xff\x00"])
def test_a_half_written_file_is_an_empty_one(url: str, content: bytes) -> None:
    with turn(url, 1) as held:
        held.note_load(LOADED, 7)
    held.path.write_bytes(content)
    with turn(url, 1) as held:
        assert held.took(LOADED) is None and held.missing == {}


def test_two_loads_at_once_end_with_one_model(llama_cpp: Any, tiny_gguf: Path, smollm2_gguf: Path) -> None:
    asked = [LoadRequest("tiny", str(tiny_gguf), 1024), LoadRequest("smollm2", str(smollm2_gguf), 1024)]
    place_it = (
        "import json, sys\n"
        "from ansible_collections.local_llm.lab.plugins.module_utils.engines import LoadRequest, connect\n"
        "from ansible_collections.local_llm.lab.plugins.module_utils.engines.placement import place\n"
        "told = json.loads(sys.argv[1])\n"
        "engine = connect('llama_cpp', told['url'], told['options'])\n"
        "place(engine, LoadRequest(**told['request']), 0, 0, 60)\n"
    )
    told = [{"url": llama_cpp.base_url, "options": llama_cpp.options, "request": request.__dict__} for request in asked]
    both = [subprocess.Popen([sys.executable, "-c", place_it, json.dumps(one)]) for one in told]
    assert [one.wait(100) for one in both] == [0, 0]
    there = llama_cpp.loaded()
    assert len(there) == 1 and there[0].ready
    last = next(one for one in asked if one.name == there[0].model)
    assert not place(llama_cpp, last, 0, 0, 60).changed
    clear(llama_cpp)
