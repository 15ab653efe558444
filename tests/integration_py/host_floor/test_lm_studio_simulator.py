# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator of LM Studio has the traps that the engine is tested against."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ansible_collections.local_llm.lab.tests.fakes.lm_studio import MIB, LmStudio, Model

SMALL = Model("org/small", "org/small-GGUF/small-Q4_K_M.gguf", 4 * MIB, 4 * MIB)
OTHER = Model("org/small-coder", "org/small-coder-GGUF/small-coder-Q4_K_M.gguf", 4 * MIB, 4 * MIB)
MODELS = "/api/v1/models"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[LmStudio]:
    home = tmp_path / ".lmstudio"
    with LmStudio(
        [OTHER, SMALL], home=home, downloadable=[Model("org/new", resident_bytes=MIB, size_bytes=900)]
    ) as made:
        yield made


@pytest.fixture
def call(studio: LmStudio) -> Iterator[Callable[..., Any]]:
    with httpx.Client(base_url=studio.base_url, timeout=60) as client:

        def send(path: str, body: dict[str, Any] | None = None) -> Any:
            answer = client.get(path) if body is None else client.post(path, json=body)
            return answer.json() if answer.status_code == 200 else answer.status_code

        yield send


def instances(call: Callable[..., Any]) -> dict[str, int]:
    return {
        one["id"]: one["config"]["context_length"]
        for model in call(MODELS)["models"]
        for one in model["loaded_instances"]
    }


def chat(studio: LmStudio, model: str, timeout_seconds: float = 60) -> str:
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    return httpx.post(f"{studio.base_url}/v1/chat/completions", json=body, timeout=timeout_seconds).text


def test_loading_twice_stacks_a_second_instance(studio: LmStudio, call: Callable[..., Any]) -> None:
    first = call(f"{MODELS}/load", {"model": SMALL.key, "context_length": 8192, "echo_load_config": True})
    assert (first["instance_id"], first["load_config"]["context_length"]) == (SMALL.key, 8192)
    call(f"{MODELS}/load", {"model": SMALL.key})
    assert instances(call) == {SMALL.key: 8192, f"{SMALL.key}:2": 4096}
    assert studio.resident() == [SMALL.key, SMALL.key]


def test_an_unknown_path_answers_200_and_an_unknown_model_does_not(call: Callable[..., Any]) -> None:
    assert "Unexpected endpoint" in call("/v1/models/unload", {"instance_id": "x"})["error"]
    assert call("/lmstudio-greeting") == {"lmstudio": True}
    assert call(f"{MODELS}/load", {"model": "nowhere"}) == call(f"{MODELS}/unload", {"instance_id": "nowhere"}) == 404


def test_memory_may_be_kept_or_come_late(studio: LmStudio, call: Callable[..., Any]) -> None:
    for fault, stays in (("memory_kept", True), ("slow_unload", False)):
        studio.faults = {fault}
        before = len(studio.resident())
        call(f"{MODELS}/load", {"model": SMALL.key})
        call(f"{MODELS}/unload", {"instance_id": SMALL.key})
        assert instances(call) == {}
        end = time.monotonic() + 60
        while not stays and len(studio.resident()) > before:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert len(studio.resident()) == before + stays


def test_a_chat_loads_with_the_default_context_and_evicts_what_a_chat_loaded(
    studio: LmStudio, call: Callable[..., Any]
) -> None:
    assert "Yes." in chat(studio, SMALL.key)
    assert instances(call) == {SMALL.key: 4096}
    chat(studio, OTHER.key)
    assert instances(call) == {OTHER.key: 4096}
    studio.jit_loading = False
    assert "No models loaded" in chat(studio, SMALL.key)


def test_a_stream_may_hang_and_a_model_may_be_killed(studio: LmStudio, call: Callable[..., Any]) -> None:
    call(f"{MODELS}/load", {"model": SMALL.key})
    studio.faults = {"hang_in_stream"}
    with pytest.raises(httpx.ReadTimeout):
        chat(studio, SMALL.key, timeout_seconds=0.5)
    studio.faults = {"oom_kill"}
    assert "The model has crashed" in chat(studio, SMALL.key)
    assert (instances(call), studio.resident()) == ({}, [])


def test_a_download_is_in_flight_until_it_is_moved_on(studio: LmStudio, call: Callable[..., Any]) -> None:
    job = call(f"{MODELS}/download", {"model": "org/new"})["job_id"]
    studio.advance_download(job, 300)
    status = call(f"{MODELS}/download/status/{job}")
    assert (status["status"], status["downloaded_bytes"], status["total_size_bytes"]) == ("downloading", 300, 900)
    studio.advance_download(job, 900)
    assert call(f"{MODELS}/download/status/{job}")["status"] == "completed"
    assert call(f"{MODELS}/download", {"model": "org/new"}) == {"status": "already_downloaded"}


def test_the_program_refuses_unknown_flags_and_guesses_models(studio: LmStudio, call: Callable[..., Any]) -> None:
    def lms(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([studio.program(), *words], capture_output=True, text=True, check=False)

    assert lms("load", "small", "-y", "--flash-attention").returncode == 1
    assert lms("load", "small", "-y", "--exact").returncode == 1
    assert lms("load", "small", "-y", "--parallel", "1", "--identifier", "mine").returncode == 0
    assert instances(call) == {"mine": 4096}
    assert [one["modelKey"] for one in json.loads(lms("ps", "--json").stdout)] == [OTHER.key]  # not the one meant
    assert lms("unload", "--all").returncode == 0
    assert json.loads(lms("daemon", "status", "--json").stdout)["status"] == "running"
    assert json.loads(lms("server", "status", "--json").stdout)["running"] is True
    assert json.loads(lms("runtime", "survey", "--json").stdout)["engines"][0]["engine"] == "llama.cpp"
    assert studio.resident() == []


def test_the_program_imports_by_a_link(studio: LmStudio, call: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "Tiny-7B.Q4_1.gguf"
    file.write_bytes(b"GGUF")
    words = [studio.program(), "import", "-y", "-L", "--user-repo", "local_llm_lab/tiny", file]
    assert subprocess.run(words, check=False).returncode == 0
    assert file.exists()
    assert [one["publisher"] for one in call(MODELS)["models"] if one["key"] == "tiny-7b"] == ["local_llm_lab"]
    assert subprocess.run(words, check=False).returncode == 1
