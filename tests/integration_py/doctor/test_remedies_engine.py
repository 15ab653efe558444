# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with an engine, its remedy as it is printed, and the same check again: ok."""

from __future__ import annotations

import json
import plistlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.doctor import commands, engine, settings
from ansible_collections.local_llm.lab.plugins.module_utils.engines import Instance, Settings
from ansible_collections.local_llm.lab.tests.fakes import host_programs
from ansible_collections.local_llm.lab.tests.fakes.lm_studio import LmStudio, Model
from ansible_collections.local_llm.lab.tests.fakes.ollama import Ollama

from .stage import Stage, heals

LISTENER = (
    "import socket,sys; s=socket.create_server(('127.0.0.1',int(sys.argv[1]))); print(flush=True); sys.stdin.read()"
)


def lm_studio(stage: Stage, **options: object) -> LmStudio:
    home = stage.home / ".lmstudio"
    home.mkdir()
    return LmStudio(models=[Model("org/big"), Model("org/small")], home=home, **options)  # type: ignore[arg-type]


def on_lm_studio(stage: Stage, base_url: str) -> None:
    program = stage.home / ".lmstudio/bin/lms"
    program.parent.mkdir(parents=True)
    program.symlink_to(stage.bin / "lms")
    stage.ask(engine="lm_studio", base_url=base_url, engine_options={"home": str(stage.home / ".lmstudio")})


@pytest.fixture
def listener(stage: Stage) -> Iterator[subprocess.Popen[bytes]]:
    """A foreign process on the engine's port."""
    with subprocess.Popen(
        [sys.executable, "-c", LISTENER, str(stage.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


@heals("one_model", "lm_studio")
def test_the_second_model_of_lm_studio_is_unloaded(stage: Stage) -> None:
    with lm_studio(stage) as studio:
        on_lm_studio(stage, studio.base_url)
        stage.ask(model="org/small")
        studio.load({"model": "org/big"})
        studio.load({"model": "org/small"})
        stage.heal("one_model", "fail", "2 models are loaded: org/big, org/small")
        assert studio.resident() == ["org/small"]


@heals("duplicates", "lm_studio")
def test_the_duplicate_of_lm_studio_is_unloaded(stage: Stage) -> None:
    with lm_studio(stage) as studio:
        on_lm_studio(stage, studio.base_url)
        studio.faults.add("second_instance")
        studio.load({"model": "org/big"})
        stage.heal("duplicates", "fail", "loaded a second time: org/big:2")
        assert [one.id for one in studio.instances()] == ["org/big"]


@heals("context", "lm_studio")
def test_a_jit_load_of_lm_studio_is_loaded_again_with_the_window_asked_for(stage: Stage) -> None:
    with lm_studio(stage) as studio:
        on_lm_studio(stage, studio.base_url)
        stage.ask(context_tokens=16384)
        studio.for_chat("org/big")
        stage.heal("context", "fail", "org/big has 4096 tokens, 16384 were asked for")
        assert [one.config["context_length"] for one in studio.instances()] == [16384]


@heals("jit", "lm_studio")
def test_jit_is_switched_off_in_lm_studios_settings(stage: Stage) -> None:
    with lm_studio(stage) as studio:
        on_lm_studio(stage, studio.base_url)
        stage.heal("jit", "warn", "on: a request")


@heals("auto_evict", "lm_studio")
def test_auto_evict_is_switched_off_in_lm_studios_settings_and_the_others_stay(stage: Stage) -> None:
    with lm_studio(stage) as studio:
        on_lm_studio(stage, studio.base_url)
        stage.heal("auto_evict", "warn", "on: a request")
        settings = json.loads((stage.home / ".lmstudio/settings.json").read_text())
        assert settings["developer"] == {
            "unloadPreviousJITModelOnLoad": False,
            "jitModelTTL": {"enabled": True, "ttlSeconds": 3600},
        }


@heals("one_model", "ollama")
@heals("duplicates", "ollama")
def test_models_of_ollama_are_unloaded(stage: Stage) -> None:
    with Ollama() as ollama:
        stage.ask(base_url=ollama.base_url)
        for name in ("big", "small"):
            stage.run(f'curl -fsS {ollama.base_url}/api/generate -d \'{{"model": "{ollama.add(name)}"}}\'')
        stage.heal("one_model", "fail", "2 models are loaded: big, small")
        assert ollama.resident() == ["big:latest"]
        again = engine.EngineSeen("x", instances=(instance("big:latest"), instance("big:latest")))
        stage.run(engine.duplicates(again, stage.host).remedy)
        assert ollama.resident() == []


@heals("context", "ollama")
def test_a_window_of_ollama_is_loaded_anew(stage: Stage) -> None:
    with Ollama() as ollama:
        stage.ask(base_url=ollama.base_url, context_tokens=16384)
        stage.run(f'curl -fsS {ollama.base_url}/api/generate -d \'{{"model": "{ollama.add("big")}"}}\'')
        stage.heal("context", "fail", "16384 were asked for")


@heals("one_model", "llama_cpp_router")
@heals("duplicates", "llama_cpp_router")
@heals("context", "llama_cpp_router")
def test_a_router_is_asked_to_unload(stage: Stage) -> None:
    """What a router is sent; its own unloading is the engine's to test."""
    stage.ask(engine="llama_cpp", engine_options={"router": True}, context_tokens=4096)
    stage.program("curl").write_text('#!/bin/sh\nprintf "%s\\n" "$@" >>sent\n')
    seen = engine.EngineSeen("x", instances=(instance("a"), instance("a"), instance("b")))
    for judge in (engine.one_model, engine.duplicates, engine.context):
        finding = judge(seen, stage.host)
        assert finding.verdict == "fail"
        stage.run(finding.remedy)
    sent = (stage.root / "sent").read_text().split("\n")
    assert sent.count(f"{stage.host.base_url}/models/unload") == 3
    assert [json.loads(line)["model"] for line in sent if line.startswith("{")] == ["b", "a", "a"]


@heals("one_model", "llama_cpp")
@heals("duplicates", "llama_cpp")
@heals("context", "llama_cpp")
@heals("engine", "llama_cpp")
@heals("kv_type", "llama_cpp")
@heals("memory_floor", "llama_cpp")
@heals("memory_pressure", "llama_cpp")
@heals("download", "llama_cpp")
@heals("memory_floor", "openai_compatible")
@heals("memory_pressure", "openai_compatible")
@heals("download", "openai_compatible")
@heals("cpu_fallback", "openai_compatible")
@heals("public_address", "other")
def test_what_listens_on_the_port_is_ended(stage: Stage, listener: subprocess.Popen[bytes]) -> None:
    """llama.cpp is a process per model: to unload is to end it."""
    stage.ask(engine="llama_cpp", context_tokens=4096)
    finding = engine.context(engine.EngineSeen("x", instances=(instance("a"),)), stage.host)
    assert all(finding.remedy in one for one in _restarts(stage, "llama_cpp", "openai_compatible"))
    stage.run(finding.remedy)
    assert listener.wait(timeout=60) < 0


def _restarts(stage: Stage, *engines: str) -> list[str]:
    return [commands.RESTART[one].format(**commands.service_values(stage.host)) for one in engines]


@heals("engine", "lm_studio")
@heals("engine", "ollama")
@heals("engine", "ollama_darwin")
@pytest.mark.parametrize("system", ["Linux", "Darwin"])
@pytest.mark.parametrize("name", ["lm_studio", "ollama"])
def test_an_engine_that_is_down_is_started(stage: Stage, name: str, system: str) -> None:
    stage.set(engine_port=stage.port)
    if name == "lm_studio":
        on_lm_studio(stage, stage.host.base_url)
    else:
        stage.ask(system=system)
        stage.be(system)
    stage.heal("engine", "fail", "does not answer")


@heals("kv_type", "ollama_agent")
@heals("kv_type", "ollama_daemon")
@pytest.mark.parametrize("folder", ["home/Library/LaunchAgents", "Library/LaunchDaemons"])
@pytest.mark.parametrize("own", [{}, {"EnvironmentVariables": {"OLLAMA_KV_CACHE_TYPE": "f16"}}])
def test_the_environment_in_ollamas_plist_is_set(stage: Stage, folder: str, own: dict[str, object]) -> None:
    stage.be("Darwin")
    stage.ask(kv_type="q8_0")
    plist = stage.root / folder / settings.OLLAMA_PLIST
    plist.parent.mkdir(parents=True)
    plist.write_bytes(plistlib.dumps({"Label": "homebrew.mxcl.ollama", **own}))
    stage.heal("kv_type", "fail", "f16, and sizes were counted with q8_0")
    assert ["launchctl", "bootstrap"] in [call[:2] for call in stage.calls()]
    stage.ask(kv_type="f16")
    assert stage.find("kv_type").verdict == "fail"  # what the plist says, whatever `launchctl getenv` does


@pytest.mark.parametrize(
    ("shown", "verdict"),
    [
        ("LoadState=loaded\nActiveState=active\nEnvironment=PATH=/bin OLLAMA_KV_CACHE_TYPE=q8_0\n", "ok"),
        ("LoadState=loaded\nActiveState=active\nEnvironment=PATH=/bin\n", "fail"),
        ("LoadState=loaded\nActiveState=active\nEnvironmentFiles=/etc/default/ollama (ignore_errors=no)\n", "unknown"),
        ("LoadState=loaded\nActiveState=inactive\nEnvironment=\n", "unknown"),  # another `ollama serve` runs
        ("LoadState=not-found\nActiveState=inactive\nEnvironment=\n", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_units_environment_is_believed_where_it_is_all_of_it(stage: Stage, shown: str, verdict: str) -> None:
    stage.ask(kv_type="q8_0")
    stage.program("systemctl").write_text(f"#!/bin/sh\nprintf '{shown}'\n")
    assert stage.find("kv_type").verdict == verdict


@heals("jit", "llama_cpp_router")
@heals("engine", "llama_cpp_router")
def test_a_router_that_is_down_is_started(stage: Stage) -> None:
    stage.ask(engine="llama_cpp", engine_options={"router": True}, models_dir="/models")
    on = settings.jit(settings.SettingsSeen(Settings(jit_loading=True)), stage.host)
    down = engine.answers(engine.EngineSeen(None, why="it does not answer"), stage.host)
    assert (on.verdict, down.verdict) == ("warn", "fail") and on.remedy.endswith(down.remedy)
    stage.run(on.remedy)
    deadline = time.monotonic() + 60
    while not host_programs.load().get("pids"):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@heals("engine", "openai_compatible")
def test_why_a_cloud_does_not_answer_is_asked_of_itself(stage: Stage) -> None:
    host_programs.serve("plain", stage.port)
    stage.ask(engine="openai_compatible", tier="cloud")
    stage.run(engine.answers(engine.EngineSeen(None, why="status 401"), stage.host).remedy)


@heals("engine", "install_llama_cpp")
def test_llama_cpp_is_installed(stage: Stage) -> None:
    options = {"python": str(stage.root / "venv/bin/python"), "state_dir": str(stage.root / "state")}
    stage.ask(engine="llama_cpp", engine_options=options)
    stage.heal("engine", "fail", "is not an interpreter that has xllamacpp")


@heals("engine", "install_lm_studio")
@heals("engine", "install_ollama")
@heals("engine", "install_ollama_darwin")
@heals("engine", "install_llama_server")
@pytest.mark.parametrize(
    ("name", "system", "expected"),
    [
        ("lm_studio", "Linux", "installed-from-lmstudio.ai"),
        ("ollama", "Linux", "installed-from-ollama.com"),
        ("ollama", "Darwin", ["brew", "install", "ollama"]),
        ("llama_cpp", "Linux", "cmake"),
    ],
)
def test_the_vendors_installer_is_called(stage: Stage, name: str, system: str, expected: str | list[str]) -> None:
    options = {"server": f"{stage.root}/bin/llama-server"} if name == "llama_cpp" else {}
    stage.ask(engine=name, system=system, engine_options=options)
    stage.run(engine.answers(engine.EngineSeen(None, installed=False, why="not here"), stage.host).remedy)
    if isinstance(expected, list):
        assert expected in stage.calls()
    else:
        assert (stage.root / expected).exists() or expected in [call[0] for call in stage.calls()]


@heals("engine_build", "lm_studio")
def test_a_broken_build_is_updated(stage: Stage) -> None:
    on_lm_studio(stage, stage.host.base_url)
    finding = engine.build(engine.EngineSeen("llmster v0.0.7-2, runtime 2.28.2"), stage.host)
    assert finding.verdict == "fail"
    stage.run(finding.remedy)
    build = f"llmster v{Path(stage.root / 'llmster').read_text()}, runtime 2.28.2"
    assert engine.build(engine.EngineSeen(build), stage.host).verdict == "ok"


def instance(name: str, context_tokens: int = 1024) -> Instance:
    return Instance(name, name, "", context_tokens, 1, None, None)
