# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/engines.md on Ollama and on clouds: its options are the engine's, its commands run against the simulators."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.local_llm.lab.plugins.module_utils.engines import LoadRequest, connect
from ansible_collections.local_llm.lab.tests.fakes.ollama import Ollama
from ansible_collections.local_llm.lab.tests.fakes.openai_stub import OpenAIStub

PAGE = Path(__file__).resolve().parents[3] / "docs" / "engines.md"
SHOWN_KEY_FILE = "/home/lab/.config/lab/cloud.key"


def blocks(section: str, language: str) -> list[str]:
    text = re.search(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert text
    return re.findall(rf"^```{language}\n(.*?)^```$", text[1], re.MULTILINE | re.DOTALL)


def run(command: str) -> Any:
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def test_ollama_is_verified_by_the_page_s_own_commands(tmp_path: Path) -> None:
    (shown,) = map(yaml.safe_load, blocks("ollama", "yaml"))
    (commands,) = blocks("ollama", "sh")
    file = tmp_path / "tiny.gguf"
    file.write_bytes(b"GGUF" + bytes(1 << 20))
    with Ollama() as server:
        engine = connect(shown["lab_engine"], server.base_url, shown["lab_engine_options"])
        asked = LoadRequest("tiny", str(file), 2048, kv_type="q8_0", flash_attention="on")
        engine.add(asked, timeout_seconds=60)
        instance = engine.load(asked, timeout_seconds=60)
        address = f"127.0.0.1:{shown['lab_engine_port']}"
        listed, told = [run(line.replace(f"http://{address}", server.base_url)) for line in commands.splitlines()]
    (running,) = listed["models"]
    assert (running["name"], running["context_length"]) == (instance.id, 2048)
    assert running["size_vram"] == running["size"]
    assert f"FROM {instance.path}\n" in told["modelfile"]


@pytest.mark.parametrize("key", ["sk-1", "sk-another"])
def test_a_cloud_is_verified_by_the_page_s_own_command(tmp_path: Path, key: str) -> None:
    (shown,) = map(yaml.safe_load, blocks("openai_compatible", "yaml"))
    (command,) = blocks("openai_compatible", "sh")
    file = tmp_path / "cloud.key"
    file.touch(0o600)
    file.write_text(f"{key}\n")
    assert shown["lab_engine_options"] == {"api_key_file": SHOWN_KEY_FILE}
    with OpenAIStub(key=key) as stub:
        engine = connect(shown["lab_engine"], stub.base_url, {"api_key_file": str(file)})
        assert engine.load(LoadRequest("stub-1", "", 2048), timeout_seconds=60).id == "stub-1"
        here = command.replace(SHOWN_KEY_FILE, str(file)).replace("https://api.example.com", stub.base_url)
        assert [one["id"] for one in run(here)["data"]] == ["stub-1"]
