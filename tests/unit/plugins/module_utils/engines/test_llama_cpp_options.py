# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine refuses before it touches anything."""

from __future__ import annotations

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import EngineError, EngineNotInstalled, connect

OPTIONS = {"python": "/nowhere/python", "state_dir": "/nowhere"}


def test_an_unknown_engine_names_the_known_ones() -> None:
    with pytest.raises(EngineError, match=r"no engine 'vllm'.*llama_cpp"):
        connect("vllm", "http://127.0.0.1:1", {})


@pytest.mark.parametrize("url", ["http://0.0.0.0:8137", "http://gb10:8137", "http://127.0.0.1"])
def test_only_a_loopback_port_will_do(url: str) -> None:
    with pytest.raises(EngineError, match="loopback port only"):
        connect("llama_cpp", url, OPTIONS)


def test_missing_options_are_named() -> None:
    with pytest.raises(EngineError, match="lack python and state_dir"):
        connect("llama_cpp", "http://127.0.0.1:8137", {})


def test_an_interpreter_that_is_not_there_is_not_installed() -> None:
    engine = connect("llama_cpp", "http://127.0.0.1:8137", OPTIONS)
    assert engine.loaded() == []
    with pytest.raises(EngineNotInstalled, match=r"/nowhere/python.*role local_llm\.lab\.llama_cpp"):
        engine.build()
