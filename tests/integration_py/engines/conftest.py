# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real llama-server where there is one: LAB_LLAMA_SERVER, or on PATH. `make nightly` builds it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import EngineUnreachable, connect


@pytest.fixture(scope="session")
def llama_server_program() -> str:
    program = os.environ.get("LAB_LLAMA_SERVER") or shutil.which("llama-server")
    if not program:
        pytest.skip("no llama-server: set LAB_LLAMA_SERVER, or run make nightly, which builds one")
    return program


@contextmanager
def serving_router(program: str, port: int, folder: Path, *arguments: str) -> Iterator[Any]:
    """A router that loads nothing by itself; with presets of ours unless arguments say where its models are."""
    presets = folder / "presets.ini"
    presets.write_text("version = 1\n")
    given = arguments or ("--models-preset", str(presets))
    command = [program, "--host", "127.0.0.1", "--port", str(port), "--no-webui", "--no-models-autoload", *given]
    options = {"router": True, "threads": 1, **({} if arguments else {"presets_file": str(presets)})}
    with (folder / "router.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as router:
        engine = connect("llama_cpp", f"http://127.0.0.1:{port}", options)
        end = time.monotonic() + 60
        while True:
            try:
                engine.build()
                break
            except EngineUnreachable:
                if time.monotonic() > end or router.poll() is not None:
                    raise
                time.sleep(0.1)
        engine.options = options
        try:
            yield engine
        finally:
            router.terminate()


@pytest.fixture
def router(llama_server_program: str, free_port: int, tmp_path: Path) -> Iterator[Any]:
    with serving_router(llama_server_program, free_port, tmp_path) as engine:
        yield engine
