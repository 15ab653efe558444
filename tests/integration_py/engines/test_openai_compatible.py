# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine openai_compatible against a cloud's simulator: nothing is loaded, and no key is ever shown."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import (
    Engine,
    EngineError,
    EngineRefused,
    EngineUnreachable,
    LoadFailed,
    LoadRequest,
    OptionUnsupported,
    connect,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import Client, Deadlines, EngineFailure
from ansible_collections.local_llm.lab.tests.fakes.openai_stub import OpenAIStub
from ansible_collections.local_llm.lab.tests.fakes.serving import Call, Reply, Serving, json_reply

KEY = "sk-secret-0123456789"
REQUEST = LoadRequest("stub-1", "", context_tokens=32768)
HELLO = ({"role": "user", "content": "hi"},)
LOAD_SECONDS = 30.0


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.touch(0o600)
    file.write_text(KEY + "\n")
    return file


def engine_of(stub: Serving, key_file: Path | None = None, suffix: str = "") -> Engine:
    return connect("openai_compatible", stub.base_url + suffix, {"api_key_file": str(key_file)} if key_file else {})


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
def test_a_model_that_is_offered_is_there_and_nothing_is_loaded(suffix: str) -> None:
    with OpenAIStub() as stub:
        engine = engine_of(stub, suffix=suffix)
        instance = engine.load(REQUEST, LOAD_SECONDS)
        assert (instance.id, instance.context_tokens, instance.ready) == ("stub-1", 32768, True)
        assert instance.build == engine.build() == "openai_compatible 127.0.0.1"
        assert engine.serves(instance, REQUEST)
        assert engine.loaded() == []
        engine.unload(instance.id)
        engine.unload(instance.id)
        assert engine.unload_all() == []
        assert not engine.capabilities.load
        assert engine.has(REQUEST)


def test_a_model_that_is_not_offered_is_named_with_what_is() -> None:
    with OpenAIStub(models=("stub-1", "stub-2")) as stub:
        with pytest.raises(LoadFailed, match=r"does not offer the model stub-3\. .*did you mean stub-"):
            engine_of(stub).load(LoadRequest("stub-3", "", 1024), LOAD_SECONDS)
        with pytest.raises(LoadFailed, match="one of the 2 models"):
            engine_of(stub).load(LoadRequest("quite another", "", 1024), LOAD_SECONDS)


def test_an_endpoint_without_a_list_is_believed() -> None:
    with OpenAIStub(lists=False) as stub:
        assert engine_of(stub).load(REQUEST, LOAD_SECONDS).model == "stub-1"


def test_what_belongs_to_a_load_is_refused() -> None:
    with OpenAIStub() as stub, pytest.raises(OptionUnsupported, match="kv_type = q8_0 cannot be set"):
        engine_of(stub).load(LoadRequest("stub-1", "", 1024, kv_type="q8_0"), LOAD_SECONDS)


def test_the_key_is_read_from_its_file(key_file: Path) -> None:
    with OpenAIStub(key=KEY) as stub:
        assert engine_of(stub, key_file).load(REQUEST, LOAD_SECONDS).id == "stub-1"
        with pytest.raises(LoadFailed, match=r"Incorrect API key.*set the engine option api_key_file"):
            engine_of(stub).load(REQUEST, LOAD_SECONDS)
        with pytest.raises(EngineRefused, match="401"):
            engine_of(stub).build()


class Parrot(Serving):
    """Refuses, and repeats the key it was sent."""

    def respond(self, call: Call) -> Reply:
        return json_reply({"error": {"message": f"no such key: {call.headers['Authorization']}"}}, 401)


def test_no_message_holds_the_key(key_file: Path) -> None:
    with Parrot() as parrot, pytest.raises(LoadFailed) as refused:
        engine_of(parrot, key_file).load(REQUEST, LOAD_SECONDS)
    assert "(the key)" in str(refused.value)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (KEY, 0o644, "readable by others.*chmod 600"),
        ("", 0o600, "does not hold one key"),
        (f"{KEY}\n{KEY}", 0o600, "does not hold one key"),
        (f"key: {KEY}", 0o600, "does not hold one key"),
    ],
)
def test_a_key_file_that_will_not_do_is_refused(tmp_path: Path, content: str, mode: int, said: str) -> None:
    file = tmp_path / "key"
    file.write_text(content)
    file.chmod(mode)
    with OpenAIStub(key=KEY) as stub, pytest.raises(EngineError, match=said) as refused:
        engine_of(stub, file).load(REQUEST, LOAD_SECONDS)
    assert KEY not in str(refused.value)


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with OpenAIStub() as stub, pytest.raises(EngineError, match="nothing cannot be read: No such file"):
        engine_of(stub, tmp_path / "nothing").build()


def test_a_key_does_not_travel_in_clear(key_file: Path) -> None:
    engine = connect("openai_compatible", "http://llm.example.com/v1", {"api_key_file": str(key_file)})
    with pytest.raises(EngineError, match="unencrypted"):
        engine.build()


@pytest.mark.parametrize("url", ["ftp://example.com", "example.com", f"https://user:{KEY}@example.com/v1"])
def test_an_address_is_a_plain_url(url: str) -> None:
    with pytest.raises(EngineError, match="not a plain http or https URL") as refused:
        connect("openai_compatible", url, {})
    assert KEY not in str(refused.value)


def test_a_rate_limit_and_a_silent_host_are_told_apart(free_port: int) -> None:
    with OpenAIStub() as stub:
        stub.faults.add("rate_limited")
        with pytest.raises(LoadFailed, match=r"429.*rate limit|[Rr]ate limit.*wait"):
            engine_of(stub).load(REQUEST, LOAD_SECONDS)
        assert httpx.get(f"{stub.base_url}/v1/models").headers["Retry-After"] == "1"
    with pytest.raises(EngineUnreachable):
        connect("openai_compatible", f"http://127.0.0.1:{free_port}", {}).load(REQUEST, LOAD_SECONDS)


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes the certificate")
def test_https_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    asked = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run([*asked.split(), "-keyout", private, "-out", certificate], check=True, capture_output=True)
    with OpenAIStub() as stub:
        stub.encrypt(certificate, private)
        url = stub.base_url.replace("http://127.0.0.1", "https://localhost")
        with pytest.raises(EngineUnreachable, match="certificate verify failed"):
            connect("openai_compatible", url, {}).load(REQUEST, LOAD_SECONDS)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert connect("openai_compatible", url, {}).load(REQUEST, LOAD_SECONDS).id == "stub-1"


class Pages(Serving):
    """Lists its models two at a time, as a cloud with many does."""

    names = ("m1", "m2", "m3", "m4", "m5")

    def respond(self, call: Call) -> Reply:
        after = call.path.partition("?after_id=")[2]
        start = self.names.index(after) + 1 if after else 0
        page = [{"id": name} for name in self.names[start : start + 2]]
        return json_reply({"data": page, "has_more": start + 2 < len(self.names)})


def test_every_page_of_the_list_is_read() -> None:
    with Pages() as pages:
        assert engine_of(pages).load(LoadRequest("m5", "", 1024), LOAD_SECONDS).id == "m5"


class Website(Serving):
    def respond(self, call: Call) -> Reply:
        return Reply(body=b"<html>", kind="text/html") if call.path == "/v1/models" else json_reply({"hello": 1})


def test_a_website_is_no_engine() -> None:
    with Website() as site:
        with pytest.raises(EngineUnreachable, match="does not answer in JSON"):
            engine_of(site).build()
        with pytest.raises(EngineUnreachable, match="not a list of models"):
            engine_of(site, suffix="/other").build()


def chat(stub: OpenAIStub, model: str, key: str | None, silence_seconds: float = 30.0) -> str:
    with Client(f"{stub.base_url}/v1", key, model, "openai_compatible") as client:
        reply = client.complete(HELLO, [], {}, 100, Deadlines(time.monotonic() + 60, silence_seconds))
    assert reply.usage.source == "engine"
    return reply.text


def test_the_stub_streams_what_the_chat_reads() -> None:
    with OpenAIStub(key=KEY) as stub:
        assert chat(stub, "stub-1", KEY) == "Hello there."
        with pytest.raises(EngineFailure, match="401"):
            chat(stub, "stub-1", "wrong")
        with pytest.raises(EngineFailure, match=r"404.*`other` does not exist"):
            chat(stub, "other", KEY)
        stub.faults.add("hang_in_stream")
        with pytest.raises(EngineFailure, match="silent"):
            chat(stub, "stub-1", KEY, silence_seconds=0.5)
