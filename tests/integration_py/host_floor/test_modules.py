# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules through Ansible itself: the keeper and the server outlive the module that started them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PLAYBOOK = Path(__file__).with_name("modules.yml")


@pytest.fixture
def variables(llama_cpp: Any, tiny_gguf: Path, tmp_path: Path) -> dict[str, Any]:
    return {
        "base_url": llama_cpp.base_url,
        "engine_options": llama_cpp.options,
        "keeper_dir": str(tmp_path / "k"),
        "model_path": str(tiny_gguf),
        "linked_path": str(tmp_path / "models" / "linked.gguf"),
    }


def test_a_host_is_held_loaded_and_let_go(variables: dict[str, Any]) -> None:
    played = subprocess.run(
        [
            str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local", str(PLAYBOOK),
            "-e", json.dumps(variables | {"ansible_python_interpreter": sys.executable}),
        ],
        capture_output=True, text=True, check=False, env=os.environ | {"ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip
    assert played.returncode == 0, played.stdout + played.stderr
