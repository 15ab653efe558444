# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles llama_cpp and gguf_models on this machine, with a virtual environment of their own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.keeper.client import Terms, hold, release

ENGINE_OPTIONS = {"python": sys.executable, "state_dir": "/nonexistent"}
PLAYBOOK = Path(__file__).with_name("roles.yml")


@pytest.fixture
def variables(tmp_path: Path, tiny_gguf: Path, free_port: int) -> dict[str, Any]:
    content = tiny_gguf.read_bytes()
    return {
        "ansible_python_interpreter": sys.executable,
        "home": str(tmp_path),
        "llama_cpp_base_url": f"http://127.0.0.1:{free_port}",
        "gguf_models_list": [
            {
                "name": "tiny",
                "file": "tiny.gguf",
                "sha256": hashlib.sha256(content).hexdigest(),
                "size_bytes": len(content),
                "source": {"path": str(tiny_gguf)},
                "description": "what else the catalog says",
            }
        ],
    }


def play(variables: dict[str, Any], *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local"]
    return subprocess.run(
        [*command, str(PLAYBOOK), "-e", json.dumps(variables), *options],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"ANSIBLE_NOCOLOR": "1"},
    )


def changed(played: subprocess.CompletedProcess[str]) -> int:
    assert played.returncode == 0, played.stdout + played.stderr
    found = re.search(r"changed=(\d+)", played.stdout)
    assert found
    return int(found[1])


def test_an_engine_is_not_replaced_while_somebody_holds_the_host(variables: dict[str, Any], tmp_path: Path) -> None:
    terms = Terms("nightly of gb10", 600, 0, "llama_cpp", variables["llama_cpp_base_url"], ENGINE_OPTIONS)
    hold(str(tmp_path / "keeper"), terms)
    try:
        played = play({**variables, "llama_cpp_keeper_dir": str(tmp_path / "keeper")})
    finally:
        release(str(tmp_path / "keeper"), terms.owner)
    assert played.returncode == 2
    assert "held by nightly of gb10 until" in " ".join(played.stdout.split())
    assert not (tmp_path / "llama_cpp").exists()


def test_installed_once_then_nothing_changes_then_removed(variables: dict[str, Any], tmp_path: Path) -> None:
    assert changed(play(variables)) > 2
    assert changed(play(variables | {"last": True})) == 2, "nothing but the unload and the removal"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["models"]


def test_an_interpreter_that_cannot_make_the_environment_is_named(variables: dict[str, Any]) -> None:
    played = play(variables | {"llama_cpp_python": "/nowhere/python"})
    assert played.returncode != 0
    said = " ".join((played.stdout + played.stderr).split())
    assert "/nowhere/python cannot make llama.cpp's virtual environment" in said
    assert "apt install python3-venv" in said
