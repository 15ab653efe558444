# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How what was pushed reaches its grade: as a bundle, whatever is in it, and whoever made it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.canary import (
    Canary,
    Grade,
    Unusable,
    collect,
    find,
    grade,
    lay_out,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import Backend, Sandbox

from .conftest import CANARIES, Play, push, shell

SOLVE = "printf 'Hello, world' > greeting.txt;"
COMMIT = "git add --all; git commit -qm x;"
MIB = 2**20
Collected = Callable[[str], Path | Unusable | None]


@pytest.fixture
def canary() -> Canary:
    return find("hello_file", [CANARIES])


@pytest.fixture
def collected(backend: Backend, canary: Canary, tmp_path: Path) -> Collected:
    """What is collected of a sandbox in which a script was run."""

    def collecting(script: str) -> Path | Unusable | None:
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            layout = lay_out(canary, Path(folder) / "agent")
            with backend.open(layout.spec()) as sandbox:
                shell(sandbox, script)
                return collect(sandbox, None, tmp_path / "collected.bundle")

    return collecting


@pytest.fixture
def graded(backend: Backend, canary: Canary, tmp_path: Path) -> Callable[..., Grade]:
    return lambda pushed: grade(canary, pushed, backend, tmp_path / "grade")


def test_a_push_gives_the_bundle_that_the_end_gives_too(play: Play) -> None:
    def act(_canary: Canary, sandbox: Sandbox) -> None:
        assert sandbox.call("export", {}, 60) == {"ok": True, "commit": None, "bundle": None}
        shell(sandbox, SOLVE)
        pushed, exported = push(sandbox), sandbox.call("export", {}, 60)
        assert (pushed["commit"], pushed["bundle"]) == (exported["commit"], exported["bundle"])

    assert play("hello_file", act).passed


def test_what_the_agent_pushed_by_itself_counts(play: Play) -> None:
    assert play("hello_file", lambda _canary, sandbox: shell(sandbox, SOLVE + COMMIT + "git push -q")).passed


def test_of_a_dead_sandbox_the_last_bundle_it_gave_counts(
    backend: Backend, canary: Canary, tmp_path: Path, graded: Callable[..., Grade]
) -> None:
    with backend.open(lay_out(canary, tmp_path / "agent").spec()) as sandbox:
        sandbox.kill()
        assert collect(sandbox, None, tmp_path / "none") is None
        assert collect(sandbox, b"garbage", tmp_path / "pushed.bundle") == tmp_path / "pushed.bundle"
    assert (tmp_path / "pushed.bundle").read_bytes() == b"garbage"
    verdict = graded(tmp_path / "pushed.bundle")
    assert "cannot be graded: git fetch" in verdict.reason


def test_too_large_a_push_is_refused_and_can_be_made_smaller(play: Play) -> None:
    def act(_canary: Canary, sandbox: Sandbox) -> None:
        shell(sandbox, f"{SOLVE} head -c {9 * MIB} /dev/urandom > large")
        for _again in range(2):
            refused = push(sandbox)
            assert refused["ok"] is False
            assert "more than the 8388608 allowed; remove large files and push again" in str(refused["error"])
            assert sandbox.call("export", {}, 60)["commit"] is None
        shell(sandbox, "rm large")
        assert push(sandbox)["changed_files"] == ["greeting.txt"]

    assert play("hello_file", act).passed


def test_what_the_agent_pushed_by_itself_and_is_too_large_cannot_be_graded(play: Play) -> None:
    script = f"{SOLVE} head -c {9 * MIB} /dev/urandom > large; {COMMIT} git push -q"
    verdict = play("hello_file", lambda _canary, sandbox: shell(sandbox, script))
    assert (verdict.passed, verdict.commit) == (False, None)
    assert "cannot be graded: what is pushed comes to" in verdict.reason


def test_a_spoilt_origin_cannot_be_graded(collected: Collected, graded: Callable[..., Grade]) -> None:
    for spoil in ("echo nonsense > /origin.git/refs/heads/main", "rm -rf /origin.git/objects/*"):
        unusable = collected(spoil)
        assert isinstance(unusable, Unusable)
        assert graded(unusable).reason == f"what was pushed cannot be graded: {unusable.reason}"


@pytest.mark.parametrize("content", [b"", b"garbage", b"# v2 git bundle\n", b"# v2 git bundle\n\nPACK" + bytes(40)])
def test_garbage_cannot_be_graded(content: bytes, tmp_path: Path, graded: Callable[..., Grade]) -> None:
    (tmp_path / "pushed.bundle").write_bytes(content)
    verdict = graded(tmp_path / "pushed.bundle")
    assert (verdict.passed, verdict.tests_passed, verdict.commit) == (False, 0, None)
    assert "cannot be graded: git fetch" in verdict.reason


def test_half_a_bundle_cannot_be_graded(collected: Collected, graded: Callable[..., Grade]) -> None:
    path = collected(SOLVE + COMMIT + "git push -q")
    assert isinstance(path, Path)
    data = path.read_bytes()
    for part in (data[: len(data) // 2], data[:-1], data[:-40] + bytes(20) + data[-20:]):
        path.write_bytes(part)
        assert "cannot be graded: git fetch" in graded(path).reason
    path.write_bytes(data)
    assert graded(path).passed


def test_another_branch_in_the_bundle_does_not_count(collected: Collected, graded: Callable[..., Grade]) -> None:
    path = collected(f"{SOLVE} {COMMIT} git push -q")
    assert isinstance(path, Path)
    path.write_bytes(path.read_bytes().replace(b" refs/heads/main\n", b" refs/heads/maim\n"))
    assert "cannot be graded: git fetch" in graded(path).reason


TREES = {
    "a link instead of the file": "ln -s README.md greeting.txt; git add --all",
    "a link to what is not in the tree": "ln -s /opt/lab/hidden_runner.py greeting.txt; git add --all",
    "a repository instead of the file": "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),greeting.txt",
    "a bomb": "blob=$(head -c 4M /dev/zero | git hash-object -w --stdin);"
    "for i in $(seq 100); do git update-index --add --cacheinfo 100644,$blob,bomb$i; done",
}


@pytest.mark.parametrize("make", TREES.values(), ids=TREES)
def test_a_tree_of_tricks_does_not_pass(make: str, collected: Collected, graded: Callable[..., Grade]) -> None:
    verdict = graded(collected(f"{make}; git commit -qm x; git push -q"))
    assert not verdict.passed
    assert "0 of" in verdict.reason or "No space left" in verdict.reason


@pytest.mark.parametrize("name", [".git", ".."])
def test_a_tree_that_no_git_would_make_cannot_be_graded(
    name: str, collected: Collected, graded: Callable[..., Grade]
) -> None:
    program = f"""
import subprocess, sys
def git(*words, data=None):
    return subprocess.run(["git", *words], input=data, capture_output=True, check=True).stdout.strip()
blob = git("hash-object", "-w", "--stdin", data=b"[core]\\n\\thooksPath = /workspace\\n").decode()
tree = git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", data=b"100644 config\\0" + bytes.fromhex(blob))
entry = b"40000 {name}\\0" + bytes.fromhex(tree.decode())
tree = git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", data=entry).decode()
print(git("commit-tree", "-p", "HEAD", "-m", "x", tree).decode())
"""
    pushed = collected(f"commit=$(python3 -c '{program}'); git push -q origin $commit:refs/heads/main")
    verdict = graded(pushed)
    assert (verdict.passed, verdict.commit) == (False, None)
    assert "cannot be graded" in verdict.reason
