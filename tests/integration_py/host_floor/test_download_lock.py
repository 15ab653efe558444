# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A download takes the keeper's lock: never during somebody else's trial, and never out of its own sweep's hands."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.keeper import Terms, hold, status

PLAYBOOK = Path(__file__).with_name("download.yml")
OWNER = "downloads@controller"


@pytest.fixture
def variables(tmp_path: Path, tiny_gguf: Path, llama_cpp: Any, folder: str) -> dict[str, Any]:
    content = tiny_gguf.read_bytes()
    return {
        "ansible_python_interpreter": sys.executable,
        "gguf_models_dir": str(tmp_path / "models"),
        "gguf_models_list": [
            {
                "name": "tiny",
                "file": "tiny.gguf",
                "sha256": hashlib.sha256(content).hexdigest(),
                "size_bytes": len(content),
                "source": {"path": str(tiny_gguf)},
            }
        ],
        "gguf_models_keeper": {
            "owner": OWNER,
            "keeper_dir": folder,
            "engine": "llama_cpp",
            "base_url": llama_cpp.base_url,
            "engine_options": llama_cpp.options,
        },
    }


@pytest.fixture
def others(llama_cpp: Any) -> Terms:
    return Terms("nightly@elsewhere", 600, 0, "llama_cpp", llama_cpp.base_url, llama_cpp.options)


def play(variables: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local"]
    return subprocess.run(
        [*command, str(PLAYBOOK), "-e", json.dumps(variables)],
        capture_output=True, text=True, check=False, env=os.environ | {"ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip


def test_a_download_of_its_own_holds_the_host_and_lets_it_go(variables: dict[str, Any], folder: str) -> None:
    played = play(variables)
    assert played.returncode == 0, played.stdout + played.stderr
    assert Path(variables["gguf_models_dir"], "tiny.gguf").exists()
    assert list(Path(folder).glob("keeper.*.json")), "it was held"
    assert status(folder)["held"] is False


def test_a_download_that_fails_lets_the_host_go(variables: dict[str, Any], folder: str) -> None:
    variables["gguf_models_list"][0]["sha256"] = "0" * 64
    assert play(variables).returncode != 0
    assert status(folder)["held"] is False


def test_while_another_holds_the_host_nothing_is_downloaded(
    variables: dict[str, Any], folder: str, others: Terms
) -> None:
    _unused, held = hold(folder, others)
    played = play(variables)
    assert played.returncode != 0
    assert "held by nightly@elsewhere since" in " ".join(played.stdout.split())
    assert not Path(variables["gguf_models_dir"]).exists()
    assert status(folder)["pid"] == held["pid"]


def test_inside_a_sweep_the_hold_stays_and_lasts_longer(variables: dict[str, Any], folder: str, others: Terms) -> None:
    variables["gguf_models_keeper"]["owner"] = others.owner
    variables["gguf_models_release"] = False
    _unused, held = hold(folder, others)
    played = play(variables)
    assert played.returncode == 0, played.stdout + played.stderr
    now = status(folder)
    assert (now["owner"], now["pid"]) == (others.owner, held["pid"])
    assert now["deadline"] > held["deadline"], "the downloads have their own time"
