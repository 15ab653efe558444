# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sandboxes, of every backend that works on this machine."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import (
    Backend,
    Limits,
    Sandbox,
    SandboxSpec,
    SandboxUnavailable,
    select,
)

Run = Callable[..., dict[str, Any]]

# A daemon alone is no sandbox: it takes an image with python3 and git.
DOCKER = f"docker:{os.environ.get('LAB_TEST_SANDBOX_IMAGE', 'local-llm-lab/systemd')}"


@pytest.fixture(scope="session", params=["bubblewrap", "unshare", DOCKER])
def backend(request: pytest.FixtureRequest) -> Backend:
    try:
        return select(request.param)
    except SandboxUnavailable as error:
        if request.param == DOCKER and image_is_there():
            raise
        pytest.skip(error.message[:200])


def image_is_there() -> bool:
    """Whether a daemon answers that has the image: then there is no excuse."""
    command = ["docker", "image", "inspect", DOCKER.partition(":")[2]]
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False


@pytest.fixture
def sandbox(backend: Backend) -> Iterator[Sandbox]:
    limits = Limits(processes=64, file_bytes=2**20, memory_bytes=2**30)
    with backend.open(SandboxSpec(limits=limits)) as opened:
        yield opened


@pytest.fixture
def run(sandbox: Sandbox) -> Run:
    return running(sandbox)


def running(sandbox: Sandbox) -> Run:
    """The way to run commands in a sandbox."""

    def command(*words: str, timeout_seconds: float = 30, **more: Any) -> dict[str, Any]:
        arguments = {"command": list(words), "timeout_seconds": timeout_seconds, **more}
        return sandbox.call("run", arguments, timeout_seconds + 30)

    return command


def holders(mark: str) -> list[int]:
    """Processes of this machine with a mark in their command line."""
    if not Path("/proc").is_dir():
        return _in_containers(mark.replace("\0", " "))
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


def _in_containers(mark: str) -> list[int]:
    """The same where containers run on another kernel than this one (macOS)."""
    found = []
    for name in _docker("ps", "--quiet", "--filter", "name=lab-sandbox-").split():
        lines = _docker("top", name, "-eo", "pid,args").splitlines()
        found += [int(line.split()[0]) for line in lines if mark in line]
    return found


def _docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=20, check=False).stdout


def seen(mark: str) -> bool:
    return _comes_true(lambda: bool(holders(f"sleep\0{mark}")))


def gone(mark: str) -> bool:
    return _comes_true(lambda: not holders(f"sleep\0{mark}"))


def _comes_true(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
