# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine ollama against its simulator: what is asked for is what is loaded, or it is an error and nothing is."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import (
    EngineError,
    EngineUnreachable,
    LoadFailed,
    LoadRequest,
    OptionUnsupported,
    connect,
)
from ansible_collections.local_llm.lab.plugins.module_utils.engines.ollama import Ollama as Engine
from ansible_collections.local_llm.lab.plugins.module_utils.engines.ollama_blobs import bring
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import Client, Deadlines, read_back
from ansible_collections.local_llm.lab.tests.fakes.ollama import Ollama
from ansible_collections.local_llm.lab.tests.fakes.ollama_chat import TEMPLATE

MIB = 1 << 20
LOAD_SECONDS = 30.0
HELLO = ({"role": "user", "content": "hi"},)


def load_elsewhere(server: Ollama, model: str, **options: object) -> None:
    body = {"model": model, "stream": False, **options}
    httpx.post(f"{server.base_url}/api/generate", json=body, timeout=30).raise_for_status()


def test_what_is_loaded_is_read_back(server: Ollama, engine: Engine, asked: LoadRequest) -> None:
    assert engine.loaded() == []
    instance = engine.load(asked, LOAD_SECONDS)
    assert (instance.id, instance.model, instance.context_tokens, instance.parallel) == ("a:latest", "a", 2048, 1)
    assert instance.resident_bytes == instance.gpu_bytes == MIB + 2048 * 1024
    assert instance.chat_template_sha256 == hashlib.sha256(TEMPLATE.encode()).hexdigest()
    assert instance.build == engine.build() == "ollama 0.33.0"
    assert engine.loaded() == [instance]
    assert engine.serves(instance, asked)
    assert not engine.serves(instance, replace(asked, context_tokens=4096))
    assert not engine.serves(instance, replace(asked, name="b"))
    assert not engine.serves(instance, replace(asked, kv_type="q8_0"))
    engine.unload(instance.id)
    engine.unload(instance.id)
    assert (engine.loaded(), server.resident()) == ([], [])


def test_a_second_load_is_refused_and_nothing_is_stacked(server: Ollama, engine: Engine, asked: LoadRequest) -> None:
    engine.load(asked, LOAD_SECONDS)
    with pytest.raises(LoadFailed, match="loaded already"):
        engine.load(asked, LOAD_SECONDS)
    assert server.resident() == ["a:latest"]
    engine.load(replace(asked, name="b"), LOAD_SECONDS)
    assert sorted(server.resident()) == ["a:latest", "b:latest"]
    assert [one.id for one in engine.unload_all()] != []
    assert server.resident() == []


def test_a_chat_keeps_what_was_loaded_with_its_window(server: Ollama, engine: Engine, asked: LoadRequest) -> None:
    instance = engine.load(asked, LOAD_SECONDS)
    (runner,) = server.runners.listed()
    with Client(f"{server.base_url}/v1", None, instance.id, "ollama") as client:
        reply = client.complete(HELLO, [], {"num_ctx": 2048}, 100, Deadlines(time.monotonic() + 30))
    assert reply.text == "Hello there."
    assert server.runners.listed() == [runner]
    assert read_back(server.base_url, None, "ollama", instance.id).template_sha256 == instance.chat_template_sha256
    assert engine.serves(engine.loaded()[0], asked)


def test_a_model_that_goes_when_it_is_idle_is_not_what_was_asked_for(
    server: Ollama, engine: Engine, asked: LoadRequest
) -> None:
    load_elsewhere(server, "a", options={"num_ctx": 2048}, shift=False)
    (instance,) = engine.loaded()
    assert instance.context_tokens == 2048
    assert not engine.serves(instance, asked)


def test_a_gguf_is_made_known_without_a_copy_and_removed(server: Ollama, engine: Engine, file: Path) -> None:
    asked = LoadRequest("mine", str(file), context_tokens=1024)
    assert not engine.has(asked)
    engine.add(asked, LOAD_SECONDS)
    assert engine.has(asked)
    engine.add(replace(asked, name="mine-too"), LOAD_SECONDS)
    assert server.store.received == []
    instance = engine.load(asked, LOAD_SECONDS)
    assert os.path.samefile(instance.path, file)
    assert engine.serves(instance, asked)
    engine.remove(asked)
    engine.remove(asked)
    assert (engine.has(asked), engine.has(replace(asked, name="mine-too")), server.resident()) == (False, True, [])
    engine.remove(replace(asked, name="mine-too"))
    assert file.exists()


@pytest.mark.parametrize("private", [True, False])
def test_a_gguf_that_cannot_be_linked_is_sent_once(file: Path, private: bool) -> None:
    """The server's folder is not known while it has no model, and it may be another user."""
    with Ollama() as server:
        engine = Engine(server.base_url, {})
        if private:
            server.add("other", size_bytes=MIB)
            file.chmod(0o600)
        for name in ("mine", "mine-too"):
            engine.add(LoadRequest(name, str(file), context_tokens=1024), LOAD_SECONDS)
        assert len(server.store.received) == 1


def test_a_folder_of_another_server_is_left_as_it_was(server: Ollama, file: Path) -> None:
    with Ollama() as other:
        other.add("theirs", size_bytes=MIB)
        theirs = sorted(other.store.blobs.iterdir())
        digest = bring(server.base_url, file, [other.store.blobs], LOAD_SECONDS)
        assert sorted(other.store.blobs.iterdir()) == theirs
        assert server.store.received == [digest]


def test_another_file_of_the_same_name_and_size_is_another_model(server: Ollama, engine: Engine, file: Path) -> None:
    asked = LoadRequest("mine", str(file), context_tokens=1024)
    engine.add(asked, LOAD_SECONDS)
    instance = engine.load(asked, LOAD_SECONDS)
    file.unlink()
    file.write_bytes(b"GGUF" + b"x" * MIB)
    assert not engine.has(asked)
    assert not engine.serves(instance, asked)
    engine.add(asked, LOAD_SECONDS)
    assert server.resident() == [], "what is loaded goes before its name leads to another file"
    assert engine.serves(engine.load(asked, LOAD_SECONDS), asked)


def test_a_file_that_is_none_is_named(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"gone\.gguf cannot be read"):
        engine.add(LoadRequest("x", str(tmp_path / "gone.gguf"), 1024), LOAD_SECONDS)
    (tmp_path / "text.gguf").write_text("no model")
    with pytest.raises(EngineError, match="unknown type"):
        engine.add(LoadRequest("x", str(tmp_path / "text.gguf"), 1024), LOAD_SECONDS)
    with pytest.raises(EngineError, match="invalid model name"):
        engine.add(LoadRequest("a name with spaces", str(tmp_path / "text.gguf"), 1024), LOAD_SECONDS)


def test_the_parts_of_a_split_file_become_one_model(engine: Engine, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"m-0000{number}-of-00002.gguf").write_bytes(b"GGUF%d" % number + bytes(MIB))
    asked = LoadRequest("split", str(tmp_path / "m-00001-of-00002.gguf"), context_tokens=1024)
    engine.add(asked, LOAD_SECONDS)
    assert engine.serves(engine.load(asked, LOAD_SECONDS), asked)


def test_a_model_ollama_does_not_have_says_how_to_bring_it(engine: Engine, asked: LoadRequest) -> None:
    with pytest.raises(LoadFailed, match=r"'c' not found.*state=present"):
        engine.load(replace(asked, name="c"), LOAD_SECONDS)


def test_more_context_than_the_model_was_trained_for_is_an_error(asked: LoadRequest) -> None:
    with Ollama(train_tokens=1024) as server:
        server.add("a", size_bytes=MIB)
        with pytest.raises(LoadFailed, match="context of 1024 tokens instead of 2048"):
            Engine(server.base_url, {}).load(asked, LOAD_SECONDS)
        assert server.resident() == []


def test_a_server_that_does_not_tell_the_context_is_too_old(asked: LoadRequest) -> None:
    with Ollama(tells_context=False) as server:
        server.add("a", size_bytes=MIB)
        with pytest.raises(LoadFailed, match=r"does not tell the context.*update Ollama to 0\.10"):
            Engine(server.base_url, {}).load(asked, LOAD_SECONDS)
        assert server.resident() == []


def test_a_model_partly_on_the_cpu_is_seen(asked: LoadRequest) -> None:
    with Ollama(gpu_share=0.25) as server:
        server.add("a", size_bytes=MIB)
        instance = Engine(server.base_url, {}).load(asked, LOAD_SECONDS)
        assert instance.gpu_bytes == (instance.resident_bytes or 0) // 4


def test_what_the_server_fixes_comes_from_the_options(server: Ollama, asked: LoadRequest) -> None:
    configured = Engine(server.base_url, {"kv_type": "q8_0", "flash_attention": "on", "parallel": 4})
    settings = configured.settings()
    assert (settings.kv_type, settings.flash_attention, settings.parallel) == ("q8_0", "on", 4)
    with pytest.raises(OptionUnsupported, match="kv_type = f16 cannot be set per load"):
        configured.load(replace(asked, parallel=4, flash_attention="on"), LOAD_SECONDS)
    fitting = replace(asked, parallel=4, kv_type="q8_0", flash_attention="on")
    assert configured.load(fitting, LOAD_SECONDS).parallel == 4
    with pytest.raises(OptionUnsupported, match="chat_template"):
        configured.load(replace(fitting, name="b", chat_template="{{ messages }}"), LOAD_SECONDS)
    with pytest.raises(OptionUnsupported, match="experts_used"):
        configured.load(replace(fitting, name="b", experts_used=4), LOAD_SECONDS)


def test_an_address_may_end_in_a_slash(server: Ollama, asked: LoadRequest) -> None:
    assert connect("ollama", f"{server.base_url}/", {}).load(asked, LOAD_SECONDS).id == "a:latest"


def test_nothing_there_is_unreachable(free_port: int) -> None:
    engine = connect("ollama", f"http://127.0.0.1:{free_port}", {})
    for call in (engine.build, engine.loaded):
        with pytest.raises(EngineUnreachable, match="see whether the engine runs"):
            call()
    assert engine.processes == ("llama-server", "ollama")
    assert connect("ollama", "http://127.0.0.1:1", {"processes": ["mine"]}).processes == ("mine",)
