# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents played by hand: a canary is laid out, something is done in the agent's sandbox, the push is graded."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.canary import (
    Canary,
    Grade,
    Package,
    collect,
    find,
    grade,
    lay_out,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import Backend, Sandbox, select
from ansible_collections.local_llm.lab.plugins.plugin_utils.toolchain import ensure, packages
from ansible_collections.local_llm.lab.tests.fakes.sample_canaries import TINYDB

CHECKOUT = Path(__file__).resolve().parents[3]
CANARIES = CHECKOUT / "canaries"
# What canaries need, kept between runs.
MADE = CHECKOUT / "build" / "canaries"
Play = Callable[..., Grade]


@pytest.fixture(scope="session")
def backend() -> Backend:
    return select()


@pytest.fixture
def play(backend: Backend, tmp_path: Path) -> Play:
    def played(name: str, act: Callable[[Canary, Sandbox], None]) -> Grade:
        canary = find(name, [CANARIES])
        layout = lay_out(canary, tmp_path / "agent")
        with backend.open(layout.spec()) as sandbox:
            act(canary, sandbox)
            pushed = collect(sandbox, None, tmp_path / "pushed.bundle")
        verdict = grade(canary, pushed, backend, tmp_path / "grade")
        assert not (tmp_path / "grade").exists()
        return verdict

    return played


@pytest.fixture(scope="session")
def toolchain() -> Path:
    wanted = {*packages([CANARIES]), Package(**TINYDB)}
    return ensure(MADE, sorted(wanted, key=str), print)


def git(folder: Path, *arguments: str) -> list[str]:
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def shell(sandbox: Sandbox, script: str, stdin: str = "") -> None:
    arguments = {"command": ["sh", "-euc", script], "stdin": stdin, "timeout_seconds": 30}
    reply = sandbox.call("run", arguments, 60)
    assert reply.get("exit_code") == 0, reply


def apply(sandbox: Sandbox, patch: Path) -> None:
    arguments = {"command": ["git", "apply", "-"], "stdin": patch.read_text(encoding="utf-8"), "timeout_seconds": 30}
    reply = sandbox.call("run", arguments, 60)
    assert reply.get("exit_code") == 0, reply


def push(sandbox: Sandbox) -> dict[str, object]:
    return sandbox.call("push", {"message": "Work"}, 60)
