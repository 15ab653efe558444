# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/engines.md on Ollama and on clouds: its options are the engine's, its commands run against the simulators."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.local_llm.lab.plugins.module_utils.engines import LoadRequest, connect
from ansible_collections.local_llm.lab.tests.fakes.ollama import Ollama
from ansible_collections.local_llm.lab.tests.fakes.openai_stub import OpenAIStub

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "engines.md"
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
    (cloud,) = tier_cloud(*blocks("openai_compatible", "yaml")).values()
    (command,) = blocks("openai_compatible", "sh")
    file = tmp_path / "cloud.key"
    file.touch(0o600)
    file.write_text(f"{key}\n")
    assert cloud["lab_engine_options"] == {"api_key_file": SHOWN_KEY_FILE}
    with OpenAIStub(key=key) as stub:
        engine = connect("openai_compatible", stub.base_url, {"api_key_file": str(file)})
        assert engine.load(LoadRequest("stub-1", "", 2048), timeout_seconds=60).id == "stub-1"
        here = command.replace(SHOWN_KEY_FILE, str(file)).replace("https://api.example.com", stub.base_url)
        assert [one["id"] for one in run(here)["data"]] == ["stub-1"]


@pytest.mark.timeout(300)
def test_the_page_s_cloud_is_a_host_that_nobody_tries_to_reach_by_ssh(tmp_path: Path) -> None:
    lab, folder, file = [sys.executable, str(ROOT / "scripts" / "lab")], tmp_path / "lab", tmp_path / "cloud.key"
    subprocess.run([*lab, "init", str(folder)], check=True, stdout=subprocess.DEVNULL)
    file.touch(0o600)
    file.write_text("sk-1\n")
    (tmp_path / "ssh").write_text("#!/bin/sh\nexit 97\n")
    (tmp_path / "ssh").chmod(0o755)
    (written,) = blocks("openai_compatible", "yaml")
    with OpenAIStub(key="sk-1") as stub:
        hosts = written.replace(SHOWN_KEY_FILE, str(file)).replace("https://api.example.com", stub.base_url)
        (folder / "inventory/hosts.yml").write_text(hosts)
        path = os.pathsep.join([str(tmp_path), str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            [*lab, "doctor", "-l", "cloud", "--json"],
            cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    found = {one["check"]: one for one in json.loads(done.stdout)["findings"] if one["host"] == "cloud"}
    assert (found["reachable"]["verdict"], found["reachable"]["evidence"]) == ("ok", "over local")
    assert found["engine"]["verdict"] == "ok" and stub.base_url in found["engine"]["evidence"]
    assert {one["verdict"] for one in found.values()} <= {"ok", "unknown"}, found


def tier_cloud(text: str) -> dict[str, Any]:
    hosts: dict[str, Any] = yaml.safe_load(text)["llm_hosts"]["children"]["tier_cloud"]["hosts"]
    return hosts
