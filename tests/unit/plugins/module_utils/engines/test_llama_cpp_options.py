# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine refuses before it touches anything."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import (
    EngineError,
    EngineNotInstalled,
    connect,
)

OPTIONS = {"python": "/nowhere/python", "state_dir": "/nowhere"}


def test_an_unknown_engine_names_the_known_ones() -> None:
    with pytest.raises(EngineError, match=r"no engine 'vllm'.*llama_cpp"):
        connect("vllm", "http://127.0.0.1:1", {})


@pytest.mark.parametrize("url", ["http://0.0.0.0:8137", "http://gb10:8137", "http://127.0.0.1"])
def test_only_a_loopback_port_will_do(url: str) -> None:
    with pytest.raises(EngineError, match="loopback port only"):
        connect("llama_cpp", url, OPTIONS)


@pytest.mark.parametrize("options", [{}, {"state_dir": "/x"}, {"python": "p", "server": "s", "state_dir": "/x"}])
def test_exactly_one_way_to_run_it_has_to_be_chosen(options: dict[str, str]) -> None:
    with pytest.raises(EngineError, match="one of python, server and router"):
        connect("llama_cpp", "http://127.0.0.1:8137", options)


@pytest.mark.parametrize("way", ["python", "server"])
def test_one_process_per_model_needs_a_folder(way: str) -> None:
    with pytest.raises(EngineError, match="lack state_dir"):
        connect("llama_cpp", "http://127.0.0.1:8137", {way: "/nowhere/program"})


def test_a_program_that_is_not_there_is_not_installed() -> None:
    engine = connect("llama_cpp", "http://127.0.0.1:8137", {"server": "/nowhere/llama-server", "state_dir": "/x"})
    with pytest.raises(EngineNotInstalled, match=r"/nowhere/llama-server is not a llama-server that runs here"):
        engine.build()


def test_what_has_to_be_killed_by_name_is_never_every_python() -> None:
    python = connect("llama_cpp", "http://127.0.0.1:8137", OPTIONS)
    server = connect("llama_cpp", "http://127.0.0.1:8137", {"server": "/opt/llama-server", "state_dir": "/x"})
    assert (python.processes, server.processes) == (("llama_cpp_server.py",), ("llama-server",))


@pytest.mark.parametrize("way", [{"python": "/nowhere/python", "state_dir": "/nowhere"}, {"router": True}])
def test_one_program_to_kill_may_be_named_without_a_list(way: dict[str, Any]) -> None:
    engine = connect("llama_cpp", "http://127.0.0.1:8137", {**way, "processes": "my-server"})
    assert engine.processes == ("my-server",)


def test_only_a_router_whose_presets_are_ours_takes_a_load_config() -> None:
    fixed = connect("llama_cpp", "http://127.0.0.1:8137", {"router": True})
    ours = connect("llama_cpp", "http://127.0.0.1:8137", {"router": True, "presets_file": "/x/presets.ini"})
    assert (fixed.capabilities.context, ours.capabilities.context) == (False, True)
    assert (fixed.capabilities.experts_used, ours.capabilities.experts_used) == (False, True)


def test_an_interpreter_that_is_not_there_is_not_installed() -> None:
    engine = connect("llama_cpp", "http://127.0.0.1:8137", OPTIONS)
    assert engine.loaded() == []
    with pytest.raises(EngineNotInstalled, match=r"/nowhere/python.*role local_llm\.lab\.llama_cpp"):
        engine.build()
