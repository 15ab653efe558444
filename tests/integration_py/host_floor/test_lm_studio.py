# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine lm_studio against the simulator, with every fault it knows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import (
    Engine,
    EngineError,
    EngineNotInstalled,
    EngineUnreachable,
    LoadFailed,
    LoadRequest,
    OptionUnsupported,
    UnloadFailed,
    connect,
)
from ansible_collections.local_llm.lab.plugins.module_utils.engines.placement import clear, place
from ansible_collections.local_llm.lab.tests.fakes.lm_studio import MIB, LmStudio, Model

KEY = "org/tiny"
OTHER = Model("org/tiny-coder", "org/tiny-coder-GGUF/tiny-coder-Q4_K_M.gguf", 4 * MIB, 4 * MIB)


@pytest.fixture
def studio(tmp_path: Path, tiny_gguf: Path) -> Iterator[LmStudio]:
    """It has the tiny model from elsewhere, and another whose name begins with the same letters."""
    tiny = Model(KEY, "org/tiny-GGUF/tiny.gguf", 4 * MIB, tiny_gguf.stat().st_size)
    with LmStudio([OTHER, tiny], home=tmp_path / ".lmstudio") as made:
        yield made


@pytest.fixture
def engine(studio: LmStudio) -> Engine:
    return connect("lm_studio", studio.base_url, {"home": str(studio.home)})


@pytest.fixture
def with_program(studio: LmStudio) -> Engine:
    return connect("lm_studio", studio.base_url, {"home": str(studio.home), "lms": str(studio.program())})


@pytest.fixture
def request_tiny(tiny_gguf: Path) -> LoadRequest:
    return LoadRequest("tiny", str(tiny_gguf), 2048, parallel=4)


def chat(studio: LmStudio, model: str) -> None:
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    httpx.post(f"{studio.base_url}/v1/chat/completions", json=body, timeout=60).raise_for_status()


def test_a_model_is_loaded_once_and_unloaded_twice(engine: Engine, studio: LmStudio, request_tiny: LoadRequest) -> None:
    assert engine.loaded() == []
    instance = engine.load(request_tiny, timeout_seconds=60)
    assert (instance.id, instance.model, instance.context_tokens, instance.parallel) == (KEY, KEY, 2048, 4)
    assert instance.build == "llama.cpp-linux-arm64-nvidia-cuda13 2.28.2"
    assert engine.loaded() == [instance]
    assert engine.serves(instance, request_tiny)
    assert not engine.serves(instance, replace(request_tiny, context_tokens=4096))
    assert not engine.serves(instance, replace(request_tiny, path="/nowhere/x.gguf", name="x"))
    with pytest.raises(LoadFailed, match=f"{KEY} is loaded already"):
        engine.load(request_tiny, timeout_seconds=60)
    assert studio.resident() == [KEY]
    engine.unload(instance.id)
    engine.unload(instance.id)
    assert (engine.loaded(), studio.resident()) == ([], [])
    asked = [body for _command, path, body in studio.requests if path == "/api/v1/models/load"]
    assert asked == [{"model": KEY, "context_length": 2048, "echo_load_config": True}]


def test_a_place_taken_stays_and_is_left_empty(engine: Engine, studio: LmStudio, request_tiny: LoadRequest) -> None:
    sizes = {"reserve_bytes": 0, "overhead_bytes": MIB, "timeout_seconds": 60.0}
    assert place(engine, request_tiny, **sizes).changed
    assert not place(engine, request_tiny, **sizes).changed
    again = place(engine, replace(request_tiny, context_tokens=1024), **sizes)
    assert (again.unloaded, again.instance and again.instance.context_tokens) == ((KEY,), 1024)
    assert studio.resident() == [KEY]
    assert [one.id for one in clear(engine)] == [KEY]
    assert studio.resident() == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (
            "second_instance",
            rf"More than one instance came for tiny: {KEY}, {KEY}:2\. Unloaded again: {KEY}, {KEY}:2\.",
        ),
        ("wrong_context", r"context_length 1024 instead of 2048"),
        ("oom_kill", r"loaded and is gone again.*dmesg"),
        ("hang_in_load", r"had not loaded tiny after 1 s"),
    ],
)
@pytest.mark.parametrize("parallel", [4, 1])
def test_what_came_wrong_is_an_error_and_is_unloaded(
    with_program: Engine, studio: LmStudio, request_tiny: LoadRequest, fault: str, error: str, parallel: int
) -> None:
    """`parallel` 1 goes through the program, which has no echo of the load config."""
    studio.faults = {fault}
    asked = replace(request_tiny, parallel=parallel)
    if parallel == 1:
        error = error.replace(KEY, "tiny").replace("context_length 1024", "context of 1024 tokens")
    with pytest.raises(LoadFailed, match=error):
        with_program.load(asked, timeout_seconds=1 if fault == "hang_in_load" else 60)
    assert (with_program.loaded(), studio.resident()) == ([], [])
    studio.faults.clear()
    assert with_program.load(asked, timeout_seconds=60).parallel == parallel


def test_a_server_that_dies_in_a_load_is_unreachable(
    engine: Engine, studio: LmStudio, request_tiny: LoadRequest
) -> None:
    def die_when_it_loads() -> None:
        end = time.monotonic() + 60
        while not studio.resident() and time.monotonic() < end:
            time.sleep(0.05)
        studio.stop()

    studio.faults = {"hang_in_load"}
    dies = threading.Thread(target=die_when_it_loads)
    dies.start()
    with pytest.raises(EngineUnreachable, match=r"models/load does not answer.*could not be unloaded"):
        engine.load(request_tiny, timeout_seconds=120)
    dies.join()


def test_an_unload_is_believed_only_as_far_as_the_list_goes(
    engine: Engine, studio: LmStudio, request_tiny: LoadRequest
) -> None:
    """That the memory is really back is for the placement to measure."""
    for fault in ("slow_unload", "memory_kept"):
        studio.faults = {fault}
        engine.load(request_tiny, timeout_seconds=60)
        assert [one.id for one in engine.unload_all()] == [KEY]
        assert engine.loaded() == []
    assert KEY in studio.resident()


def test_what_a_chat_loaded_is_seen_and_is_not_what_was_asked(
    engine: Engine, studio: LmStudio, request_tiny: LoadRequest
) -> None:
    chat(studio, KEY)
    (instance,) = engine.loaded()
    assert (instance.context_tokens, engine.settings().default_context_tokens) == (4096, 4096)
    assert not engine.serves(instance, request_tiny)
    with pytest.raises(LoadFailed, match="loaded already"):
        engine.load(request_tiny, timeout_seconds=60)
    assert len(studio.resident()) == 1
    chat(studio, OTHER.key)
    assert [one.model for one in engine.loaded()] == [OTHER.key]


def test_what_else_is_loaded_is_left_alone(engine: Engine, studio: LmStudio, request_tiny: LoadRequest) -> None:
    """Whether it may stay is the placement's to decide."""
    chat(studio, OTHER.key)
    studio.faults = {"wrong_context"}
    with pytest.raises(LoadFailed, match=f"Unloaded again: {KEY}\\."):
        engine.load(request_tiny, timeout_seconds=60)
    assert studio.resident() == [OTHER.key]


def test_a_model_is_unloaded_from_under_a_stream_that_hangs(
    engine: Engine, studio: LmStudio, request_tiny: LoadRequest
) -> None:
    engine.load(request_tiny, timeout_seconds=60)
    studio.faults = {"hang_in_stream"}
    body = {"model": KEY, "messages": [], "stream": True}
    with httpx.stream("POST", f"{studio.base_url}/v1/chat/completions", json=body, timeout=60) as answer:
        lines = answer.iter_lines()
        assert next(lines) == ": ping"
        engine.unload_all()
        assert studio.resident() == []
        studio.faults.clear()
        assert "The model has crashed" in "".join(lines)


def test_the_beta_names_are_understood(engine: Engine, studio: LmStudio, request_tiny: LoadRequest) -> None:
    studio.beta_names = True
    engine.load(request_tiny, timeout_seconds=60)
    engine.unload_all()
    assert studio.resident() == []


def test_what_an_earlier_load_asked_for_is_not_taken_for_a_default(studio: LmStudio, request_tiny: LoadRequest) -> None:
    studio.models = [replace(one, experts_used=2) if one.key == KEY else one for one in studio.models]
    engine = connect("lm_studio", studio.base_url, {"home": str(studio.home)})
    for asked in (replace(request_tiny, flash_attention="off"), replace(request_tiny, experts_used=4)):
        instance = engine.load(asked, timeout_seconds=60)
        assert engine.serves(instance, asked)
        assert not engine.serves(instance, request_tiny)
        engine.unload_all()
    assert engine.serves(engine.load(request_tiny, timeout_seconds=60), request_tiny)


def test_a_file_is_linked_in_loaded_by_its_exact_path_and_taken_away(
    with_program: Engine, studio: LmStudio, tmp_path: Path
) -> None:
    file = tmp_path / "Tiny-Chat.Q4_1.gguf"
    file.write_bytes(b"GGUF of seventeen")
    asked = LoadRequest("tiny", str(file), 2048, parallel=1)
    assert not with_program.has(asked)
    with pytest.raises(LoadFailed, match=r"knows no model for tiny.*lms import -y -L --user-repo local_llm_lab/tiny"):
        with_program.load(asked, timeout_seconds=60)
    with_program.add(asked, timeout_seconds=60)
    with_program.add(asked, timeout_seconds=60)
    assert (with_program.has(asked), file.stat().st_nlink) == (True, 2)
    linked = str(studio.home / "models/local_llm_lab/tiny/Tiny-Chat.Q4_1.gguf") if studio.home else ""
    instance = with_program.load(asked, timeout_seconds=60)
    assert (instance.id, instance.model, instance.path, instance.parallel) == ("tiny", "tiny", linked, 1)
    assert with_program.loaded() == [instance]
    with_program.unload_all()
    with_program.remove(asked)
    with_program.remove(asked)
    assert (with_program.has(asked), file.stat().st_nlink) == (False, 1)
    with pytest.raises(EngineError, match="There is no GGUF file"):
        with_program.add(replace(asked, path="/nowhere/Tiny-Chat.gguf"), timeout_seconds=60)
    assert all("--port" in words for words in studio.program_calls() if words[0] not in ("import", "daemon"))


def test_without_the_program_a_file_is_not_linked_and_what_is_not_ours_is_not_removed(
    engine: Engine, request_tiny: LoadRequest, tmp_path: Path
) -> None:
    engine.add(request_tiny, timeout_seconds=60)  # it has it already
    with pytest.raises(EngineError, match="from elsewhere"):
        engine.remove(request_tiny)
    with pytest.raises(OptionUnsupported, match=r"imports no file.*lms import -y -L"):
        engine.add(LoadRequest("new", str(tmp_path / "new.gguf"), 1024), timeout_seconds=60)


def test_the_build_names_server_and_runtime(engine: Engine, with_program: Engine) -> None:
    runtime = "llama.cpp-linux-arm64-nvidia-cuda13 2.28.2"
    assert engine.build() == f"LM Studio, {runtime}"
    assert with_program.build() == f"llmster 0.0.12-1, {runtime}"


def test_looking_starts_no_daemon(with_program: Engine, studio: LmStudio, request_tiny: LoadRequest) -> None:
    studio.stop()
    looks: list[Callable[[], Any]] = [
        with_program.loaded,
        with_program.build,
        with_program.unload_all,
        lambda: with_program.has(request_tiny),
        lambda: with_program.load(request_tiny, 60),
        lambda: with_program.add(request_tiny, 60),
    ]
    for look in looks:
        with pytest.raises(EngineUnreachable, match="lms server start --port"):
            look()
    assert studio.program_calls() == []


def test_a_program_that_is_not_there_or_says_nonsense_is_named(studio: LmStudio, request_tiny: LoadRequest) -> None:
    def has(program: Path | str) -> bool:
        return connect("lm_studio", studio.base_url, {"home": str(studio.home), "lms": str(program)}).has(request_tiny)

    with pytest.raises(EngineNotInstalled, match="/nowhere/lms cannot be run"):
        has("/nowhere/lms")
    nonsense = studio.program()
    for says, error in (("echo '[{'", "says what is no JSON"), ("echo oh >&2; exit 3", "lms ls failed: oh")):
        nonsense.write_text(f"#!/bin/sh\n{says}\n")
        with pytest.raises(EngineError, match=error):
            has(nonsense)
    nonsense.write_text("#!/bin/sh\necho '[7, {\"modelKey\": null}]'\n")
    assert has(nonsense)  # found by its name and size all the same


def test_a_refused_unload_is_an_error(studio: LmStudio, engine: Engine, request_tiny: LoadRequest) -> None:
    engine.load(request_tiny, timeout_seconds=60)
    studio.unload = refuse  # type: ignore[method-assign]
    with pytest.raises(UnloadFailed, match=f"refuses to unload {KEY}: busy"):
        engine.unload(KEY)


def refuse(_body: dict[str, Any]) -> dict[str, Any]:
    from ansible_collections.local_llm.lab.tests.fakes.lm_studio_server import refusal

    raise refusal(500, None, "busy", "instance_id")
