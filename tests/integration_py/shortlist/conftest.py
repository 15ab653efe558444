# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's folder with a host and a cloud API, and models of every kind in its catalog."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.local_llm.lab.tests.fakes.range_server import RangeServer

ROOT = Path(__file__).resolve().parents[3]
SHA256 = "5" * 64
HUGE = {
    "architecture": "llama",
    "total_parameters": 405_000_000_000_000,
    "active_parameters": 405_000_000_000_000,
    "weight_bytes": 230_000_000_000_000,
    "active_weight_bytes": 230_000_000_000_000,
    "train_context_tokens": 131072,
    "layers": [{"count": 126, "kv_heads": 8, "key_length": 128, "value_length": 128}],
}


class Folder:
    """`lab init`, with models in a folder of their own and on a hub."""

    def __init__(self, path: Path, model: Path, server: RangeServer) -> None:
        subprocess.run([sys.executable, str(ROOT / "scripts" / "lab"), "init", str(path)], check=True)
        self.path, self.home, self.keeper_dir = path, path / "lab", path / "keeper"
        self.server, self.local = server, path / "local.gguf"
        shutil.copyfile(model, self.local)
        shutil.copyfile(model, server.folder / "web.gguf")
        size_bytes = model.stat().st_size
        file = {"sha256": hashlib.sha256(model.read_bytes()).hexdigest(), "size_bytes": size_bytes}
        self.catalog: dict[str, Any] = {
            "local": file | {"file": "local.gguf", "source": {"path": str(self.local)}},
            "web": {
                "file": "web.gguf",
                "sha256": SHA256,
                "size_bytes": size_bytes,
                "source": {"hub": {"repo": "org/tiny-GGUF", "file": "web.gguf"}},
            },
            "other": {
                "file": "other.gguf",
                "sha256": "6" * 64,
                "size_bytes": size_bytes + 1,
                "source": {"url": f"{server.base_url}/web.gguf"},
            },
            "huge": file | {"sha256": "7" * 64, "file": "huge.gguf", "source": {"path": "/none"}, "shape": HUGE},
            "far": {"cloud": {"id": "far-2026-01-01", "context_tokens": 200_000}},
        }
        host = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "lab_keeper_dir": str(self.keeper_dir),
            "lab_reserve_bytes": 0,
            "gguf_models_hub_url": f"{server.base_url}/hub/{{repo}}/{{revision}}/{{file}}",
        }
        self.hosts: dict[str, dict[str, Any]] = {"embedded": host, "api": host | {"lab_tier": "cloud"}}
        self.write()

    def write(self) -> None:
        inventory = self.path / "inventory"
        (inventory / "catalog.yml").write_text(yaml.safe_dump({"models": self.catalog}))
        hosts = {"llm_hosts": {"children": {"tier_lite": {"hosts": self.hosts}}}}
        (inventory / "hosts.yml").write_text(yaml.safe_dump(hosts))

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """A command of the documentation, in this folder."""
        bin_folder = str(Path(sys.executable).parent)
        environment = os.environ | {"PATH": os.pathsep.join([bin_folder, os.environ["PATH"]]), "ANSIBLE_NOCOLOR": "1"}
        command = command.replace("scripts/lab", f"{sys.executable} {ROOT}/scripts/lab")
        return subprocess.run(
            command, shell=True, cwd=self.path, env=environment, capture_output=True, text=True, check=False
        )

    def report(self) -> dict[str, Any]:
        return dict(json.loads((self.home / "reports" / "shortlist" / "shortlist.json").read_text()))

    def rows(self, *hosts: str) -> dict[str, dict[str, Any]]:
        return {row["model"]: row for row in self.report()["rows"] if not hosts or row["host"] in hosts}


@pytest.fixture
def folder(tmp_path: Path, tiny_gguf: Path) -> Iterator[Folder]:
    (tmp_path / "web").mkdir()
    with RangeServer(tmp_path / "web") as server:
        yield Folder(tmp_path / "user", tiny_gguf, server)
