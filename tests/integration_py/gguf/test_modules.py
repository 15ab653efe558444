# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gguf_file and gguf_info through Ansible itself."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.local_llm.lab.tests.fakes.range_server import RangeServer

PLAYBOOK = Path(__file__).with_name("modules.yml")


def test_a_model_is_fetched_from_a_hub_and_read_here_and_there(tiny_gguf: Path, tmp_path: Path) -> None:
    content = tiny_gguf.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    with RangeServer(tiny_gguf.parent, sha256=digest) as server:
        variables = {
            "base_url": server.base_url,
            "models": str(tmp_path),
            "sha256": digest,
            "size_bytes": len(content),
            "ansible_python_interpreter": sys.executable,
        }
        played = subprocess.run(
            [
                str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local",
                str(PLAYBOOK), "-e", json.dumps(variables),
            ],
            capture_output=True, text=True, check=False, env=os.environ | {"ANSIBLE_NOCOLOR": "1"},
        )  # fmt: skip
    assert played.returncode == 0, played.stdout + played.stderr
