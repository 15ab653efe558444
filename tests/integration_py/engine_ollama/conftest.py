# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ollama's simulator with two models, the engine at its address, and a request for one of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import LoadRequest
from ansible_collections.local_llm.lab.plugins.module_utils.engines.ollama import Ollama as Engine
from ansible_collections.local_llm.lab.tests.fakes.ollama import Ollama

MIB = 1 << 20


@pytest.fixture
def server() -> Iterator[Ollama]:
    with Ollama() as running:
        running.add("a", size_bytes=MIB)
        running.add("b", size_bytes=MIB)
        yield running


@pytest.fixture
def engine(server: Ollama) -> Engine:
    return Engine(server.base_url, {})


@pytest.fixture
def asked() -> LoadRequest:
    return LoadRequest("a", "", context_tokens=2048)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "weights.gguf").write_bytes(b"GGUF" + bytes(MIB))
    return tmp_path / "weights.gguf"
