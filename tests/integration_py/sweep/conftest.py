# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's folder as `lab init` writes it, with a tiny model in its catalog, and the real script over it."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
LAB = [sys.executable, str(ROOT / "scripts" / "lab")]


class Folder:
    """One user's folder; `home` is its lab folder."""

    def __init__(self, path: Path, model: Path) -> None:
        subprocess.run([*LAB, "init", str(path)], check=True, stdout=subprocess.DEVNULL)
        self.path = path
        self.home = path / "lab"
        self.inventory = path / "inventory"
        self.keeper_dir = path / "keeper"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.catalog = {
            "tiny": {
                "file": "tiny.gguf",
                "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
                "size_bytes": model.stat().st_size,
                "source": {"path": str(model)},
            }
        }
        self.sweep = {
            "name": "trial",
            "models": ["tiny"],
            "canaries": ["hello_file"],
            "baseline": {"load": {"context_tokens": 2048}, "chat": {"temperature": 0.3}},
            "factors": {"temperature": [0.9]},
            "replicates": 3,
            "seed": 7,
            "budgets": {"turns": 2, "completion_tokens": 24},
        }
        self.host = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "lab_engine_port": self.port,
            "lab_keeper_dir": str(self.keeper_dir),
            "lab_reserve_bytes": 0,
            "lab_memory_bandwidth_bytes_per_second": 8 * 10**9,  # measuring it takes seconds of every sweep
            "lab_floor_bytes": 0,
            "llama_cpp_venv": sys.prefix,
        }
        self.write()

    def write(self) -> None:
        """Put catalog, sweep and host into the inventory, as they are now."""
        (self.inventory / "catalog.yml").write_text(yaml.safe_dump({"models": self.catalog}))
        (self.inventory / "sweeps" / "demo.yml").write_text(yaml.safe_dump(self.sweep))
        hosts = {"llm_hosts": {"children": {"tier_lite": {"hosts": {"embedded": self.host}}}}}
        (self.inventory / "hosts.yml").write_text(yaml.safe_dump(hosts))

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*LAB, "sweep", "-l", "embedded", *arguments],
            cwd=self.path,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """Exit code and everything that was printed."""
        process = self.start(*arguments, **environment)
        output, _unused = process.communicate(timeout=300)
        return process.returncode, output

    def lab(self, *arguments: str) -> tuple[int, str]:
        """Another of the script's commands than `sweep`, to its end."""
        done = subprocess.run(
            [*LAB, *arguments],
            cwd=self.path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        return done.returncode, done.stdout

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(f"file:{self.home}/store.sqlite?mode=ro", uri=True) as connection:
            return connection.execute(query).fetchall()

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted(self.home.glob("trials/*/*/*/record.json"))]

    def processes(self) -> list[psutil.Process]:
        """Every process that has anything to do with this folder, by command line, working folder or open file."""
        found = []
        for process in psutil.process_iter():
            try:
                words = " ".join([*process.cmdline(), process.cwd()])
            except psutil.Error:
                continue
            if str(self.path) in words:
                found.append(process)
        return found


@pytest.fixture
def folder(tmp_path: Path, calling_gguf: Path) -> Iterator[Folder]:
    made = Folder(tmp_path / "user", calling_gguf)
    yield made
    for process in made.processes():
        process.kill()
