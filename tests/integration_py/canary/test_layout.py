# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A canary's repository, as it is laid out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.canary import CanaryError, find, lay_out, load

from .conftest import CANARIES, git


def test_there_is_one_commit_and_no_trace_of_anything_else(tmp_path: Path) -> None:
    layout = lay_out(find("fix_sum", [CANARIES]), tmp_path)
    for repository in (layout.origin, layout.workspace):
        assert git(repository, "rev-list", "--all") == [layout.start_commit]
        assert git(repository, "fsck", "--strict", "--lost-found") == []
        assert not list(repository.rglob("logs"))
        assert not list(repository.rglob("hooks"))
        assert str(tmp_path) not in "".join(git(repository, "config", "--local", "--list"))
    assert git(layout.origin, "for-each-ref", "--format=%(refname)") == ["refs/heads/main"]
    assert git(layout.workspace, "status", "--porcelain", "--branch") == ["## main...origin/main"]
    assert git(layout.workspace, "remote", "get-url", "origin") == ["/origin.git"]
    assert not [path for path in layout.workspace.rglob("*") if "hidden" in path.name]


def test_it_is_the_same_commit_every_time_whatever_git_is_set_up_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = find("hello_file", [CANARIES])
    first = lay_out(canary, tmp_path / "first").start_commit
    (tmp_path / ".gitconfig").write_text(
        "[commit]\n\tgpgsign = true\n[core]\n\thooksPath = /tmp\n[user]\n\tname = me\n"
    )
    for name, value in {
        "HOME": str(tmp_path),
        "GIT_DIR": "/nowhere",
        "GIT_AUTHOR_DATE": "now",
        "TZ": "Asia/Tokyo",
    }.items():
        monkeypatch.setenv(name, value)
    assert lay_out(canary, tmp_path / "second").start_commit == first


def test_inside_somebody_s_checkout_it_is_still_a_repository_of_its_own(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    layout = lay_out(find("hello_file", [CANARIES]), tmp_path / "deep" / "down")
    assert git(layout.workspace, "ls-files") == [".gitignore", "README.md"]


def test_a_patch_that_does_not_apply_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "hello_file"
    folder.mkdir()
    for path in (CANARIES / "hello_file").glob("*.*"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "start.patch").write_text("not a patch\n")
    with pytest.raises(CanaryError, match="git apply failed"):
        lay_out(load(folder), tmp_path / "out")
