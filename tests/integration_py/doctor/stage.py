# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host made of a folder and of the stand-ins in tests/fakes/host_programs.py, which a remedy may really change."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import doctor, keeper
from ansible_collections.local_llm.lab.plugins.module_utils.memory import linux
from ansible_collections.local_llm.lab.tests.fakes import host_programs

PROGRAMS = (
    "sudo", "systemctl", "launchctl", "apt-get", "brew", "nvidia-smi", "dpkg-query", "lms", "docker", "curl", "ssh",
    "python3", "sysctl", "swapoff", "swapon", "mkswap", "fallocate", "chown", "plutil", "open", "timedatectl", "sntp",
    "purge", "git", "cmake", "createdb", "llama-server", "ansible-galaxy",
)  # fmt: skip
SMALL_SWAP = "Filename\tType\tSize\tUsed\tPriority\n/swapfile\tfile\t8388608\t0\t-2\n"


Test = TypeVar("Test", bound=Callable[..., None])


def heals(check: str, remedy: str) -> Callable[[Test], Test]:
    """This test runs that remedy of that check: test_every_remedy.py looks for these lines."""
    return lambda test: test


class Stage:
    """`find` looks, `run` does what a remedy says, and everything that was started ends with `close`."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.home = root / "home"
        self.bin = root / "bin"
        for folder in (self.home, self.bin, root / "proc", root / "parts"):
            folder.mkdir(parents=True)
        real = {"curl": shutil.which("curl"), "python": sys.executable}
        patch.setattr(host_programs, "STAGE", root)
        patch.setattr(host_programs, "STATE", root / "state.json")
        patch.setattr(linux, "PROC", root / "proc")
        self._patch = patch
        patch.setenv("STAGE", str(root))
        patch.setenv("HOME", str(self.home))
        patch.setenv("PATH", os.pathsep.join([str(self.bin), os.environ["PATH"]]))
        for name in PROGRAMS:
            self.program(name)
        self.set(**real)
        host_programs.meminfo(60, 8)
        self.put("/proc/pressure/memory", "some avg10=0.00 avg60=0\nfull avg10=0.00 avg60=0\n")
        self.put("/proc/buddyinfo", "Node 0, zone   Normal 0 0 0 0 0 0 0 0 0 0 9000\n")
        self.put("/proc/net/tcp", "  sl  local_address rem_address   st\n")
        self.put("/proc/swaps", SMALL_SWAP)
        self.port = free_port()
        self.host = doctor.Host("ollama", f"http://127.0.0.1:{self.port}", home=str(self.home))
        self.be("Linux")

    def program(self, name: str) -> Path:
        path = self.bin / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{host_programs.__file__}" {name} "$@"\n')
        path.chmod(0o755)
        return path

    def set(self, **state: Any) -> None:
        host_programs.save(**state)

    def put(self, path: str, text: str) -> Path:
        host_programs.put(path, text)
        return self.root / path.lstrip("/")

    def ask(self, **changes: Any) -> None:
        self.host = dataclasses.replace(self.host, **changes)

    def be(self, system: str) -> None:
        """What this host says it is."""
        self._patch.setattr(platform, "system", lambda: system)
        self.look = doctor.Look(self.root, self.home, system)
        self.ask(system=system)

    def find(self, check: str) -> doctor.Finding:
        subject = next(one for one in doctor.SUBJECTS if check in [known.name for known, _judge in one.checks])
        return next(one for one in subject.examine(self.look, self.host) if one.check == check)

    def run(self, remedy: str, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["bash", "-c", remedy], capture_output=True, text=True, check=False, env=os.environ | environment,
            stdin=subprocess.DEVNULL, cwd=self.root,
        )  # fmt: skip
        assert done.returncode == 0, f"{remedy}: {done.stdout}{done.stderr}"
        return done

    def heal(self, check: str, verdict: str, evidence: str) -> None:
        """It is found, its remedy is run as it is printed, and it is found no more."""
        finding = self.find(check)
        assert (finding.verdict, evidence in finding.evidence) == (verdict, True), finding
        self.run(finding.remedy)
        after = self.find(check)
        assert after.verdict == "ok", after

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.root / "calls").read_text().splitlines()]

    def close(self) -> None:
        if self.host.keeper_dir:
            keeper.release(self.host.keeper_dir, "somebody")
        for pid in host_programs.load().get("pids", []):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
