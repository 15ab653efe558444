# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canaries that are more than patches: made by a generator, of a package, of somebody's own repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.canary import (
    CanaryError,
    Package,
    Resources,
    fetch,
    find,
    hidden_sources,
    lay_out,
    load,
    oracles,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import Backend
from ansible_collections.local_llm.lab.plugins.plugin_utils.toolchain import ensure
from ansible_collections.local_llm.lab.tests.fakes import sample_canaries as sample

from .conftest import git, shell


def test_a_generated_canary_is_the_same_every_time_and_another_one_with_another_seed(tmp_path: Path) -> None:
    sample.write_generated(tmp_path / "root")
    made = {}
    for name in ("made_up", "made_up@1", "made_up@2"):
        canary = find(name, [tmp_path / "root"])
        commits = {lay_out(canary, tmp_path / f"{name}-{time}").start_commit for time in "ab"}
        made[name] = (*commits, str(hidden_sources(canary)), str(oracles(canary, Resources())))
        assert load(canary.path) == canary
    assert made["made_up"] == made["made_up@1"]
    assert all(one != other for one, other in zip(made["made_up"], made["made_up@2"], strict=True))


def test_overlays_add_replace_and_delete(tmp_path: Path) -> None:
    canary = load(sample.write_generated(tmp_path / "root"))
    workspace = lay_out(canary, tmp_path / "out").workspace
    assert git(workspace, "ls-files") == ["README.md", "old.py", "work.py"]
    made = oracles(canary, Resources())
    assert sorted(made.cheats) == ["knows_one", "only_deletes"]
    for patch, files in (
        (made.reference, ["README.md", "work.py"]),
        (made.cheats["only_deletes"], ["README.md", "notes.txt", "work.py"]),
    ):
        (tmp_path / "patch").write_text(patch)
        git(workspace, "apply", "--index", str(tmp_path / "patch"))
        assert git(workspace, "ls-files") == files
        git(workspace, "reset", "--hard", "--quiet")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import os; os.symlink('/etc/passwd', out / 'start' / 'link')", "link, a link out of its tree"),
        ("import os; os.symlink('../../reference', out / 'start' / 'link')", "link, a link out of its tree"),
        ("import os; os.mkfifo(out / 'start' / 'pipe')", "pipe, which is no file"),
        ("write('answers/one', '')", "wrote answers"),
        ("raise SystemExit('no luck')", "failed: no luck"),
        ("import yaml", "No module named 'yaml'"),
        ("import os; assert not os.environ.keys() - {'LC_CTYPE'}; sys.exit('alone')", "failed: alone"),
        ("import shutil; shutil.rmtree(out / 'start')", "wrote no start"),
    ],
)
def test_what_a_generator_may_not_do_is_named(tmp_path: Path, line: str, said: str) -> None:
    canary = load(sample.write_generated(tmp_path / "root", sample.GENERATOR + line + "\n"))
    with pytest.raises(CanaryError, match=said) as error:
        lay_out(canary, tmp_path / "out")
    assert "generator.py" in error.value.message and error.value.remedy


def test_a_package_canary_starts_from_the_wheel_and_holds_nothing_of_what_was_taken_out(
    tmp_path: Path, toolchain: Path, backend: Backend
) -> None:
    canary = load(sample.write_package(tmp_path / "root"))
    layout = lay_out(canary, tmp_path / "out", Resources(toolchain))
    listed = git(layout.workspace, "ls-files")
    assert {"LICENSE", "test_version.py", "tinydb/table.py", "tinydb/version.py"} <= set(listed)
    for repository in (layout.origin, layout.workspace):
        assert git(repository, "fsck", "--strict", "--lost-found") == []
    with backend.open(layout.spec()) as sandbox:
        shell(sandbox, "python3 -m pytest -q")
        # The whole package would be the answer.
        shell(sandbox, "cd /; python3 -c 'import pytest, yaml, ansible'; ! python3 -c 'import tinydb'")
        shell(sandbox, "test -z \"$(find / -name 'tinydb*' -not -path '*/workspace/*' -not -path '/proc/*')\"")
        shell(sandbox, "! touch /opt/lab/toolchain/site/mine")


def test_without_its_toolchain_a_package_canary_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CanaryError, match=r"tinydb 4\.8\.2, which is not there.*lab canary verify"):
        lay_out(load(sample.write_package(tmp_path / "root")), tmp_path / "out")


def test_a_package_that_is_not_the_one_that_was_named_is_refused(tmp_path: Path) -> None:
    other = sample.TINYDB | {"sha256": "0" * 64}
    with pytest.raises(Exception, match=r"tinydb==4\.8\.2.*PIP_INDEX_URL"):
        ensure(tmp_path, [Package(**other)], print)


def test_a_repository_gives_one_tree_and_none_of_its_history(tmp_path: Path) -> None:
    theirs = sample.Theirs(tmp_path / "theirs")
    trap = tmp_path / "trapped"
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        path = theirs.folder / ".git" / "hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {trap}\n")
        path.chmod(0o755)
    canary = load(theirs.describe(tmp_path / "root"))
    resources = Resources(repositories=tmp_path / "repositories")
    fetch(canary.source, tmp_path / "repositories")
    layout = lay_out(canary, tmp_path / "out", resources)
    assert git(layout.workspace, "rev-list", "--all") == [layout.start_commit] != [theirs.commit]
    tree = theirs.git("rev-parse", f"{theirs.commit}^{{tree}}").strip()
    assert git(layout.workspace, "rev-parse", "HEAD^{tree}") == [tree]
    assert git(layout.workspace, "fsck", "--strict", "--lost-found") == []
    assert lay_out(canary, tmp_path / "again", resources).start_commit == layout.start_commit
    assert not trap.exists()


def test_a_repository_is_read_once_and_by_url_as_well(tmp_path: Path) -> None:
    theirs = sample.Theirs(tmp_path / "theirs")
    canary = load(theirs.describe(tmp_path / "root", repo=f"file://{theirs.folder}"))
    fetch(canary.source, tmp_path / "repositories")
    theirs.folder.rename(tmp_path / "moved")
    fetch(canary.source, tmp_path / "repositories")
    lay_out(canary, tmp_path / "out", Resources(repositories=tmp_path / "repositories"))


def test_what_is_not_in_a_repository_is_named(tmp_path: Path) -> None:
    theirs = sample.Theirs(tmp_path / "theirs")
    absent = load(theirs.describe(tmp_path / "root", commit="0" * 40))
    with pytest.raises(CanaryError, match=f"no commit {'0' * 40}.*Push it"):
        fetch(absent.source, tmp_path / "repositories")
    nowhere = load(theirs.describe(tmp_path / "root", repo="../nowhere"))
    with pytest.raises(CanaryError, match=f"git ls-remote {tmp_path}/nowhere"):
        fetch(nowhere.source, tmp_path / "repositories")


def test_a_submodule_is_refused_with_the_reason(tmp_path: Path) -> None:
    theirs = sample.Theirs(tmp_path / "theirs")
    theirs.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(theirs.folder), "vendored")
    canary = load(theirs.describe(tmp_path / "root", commit=theirs.committed()))
    with pytest.raises(CanaryError, match=r"submodule, vendored.*no network"):
        fetch(canary.source, tmp_path / "repositories")


def test_patches_of_the_oracles_are_text_whatever_the_files_hold(tmp_path: Path) -> None:
    theirs = sample.Theirs(tmp_path / "theirs")
    canary = load(theirs.describe(tmp_path / "root"))
    resources = Resources(repositories=tmp_path / "repositories")
    fetch(canary.source, tmp_path / "repositories")
    patch = oracles(canary, resources).reference or ""
    assert patch.isascii()
    workspace = lay_out(canary, tmp_path / "out", resources).workspace
    subprocess.run(["git", "-C", str(workspace), "apply", "-"], input=patch, text=True, check=True)
    assert (workspace / "data.bin").read_bytes() == b"th\xe9\n"
