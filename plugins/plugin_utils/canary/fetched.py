# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canaries that are a commit of somebody's own repository.

Git on the controller reads that repository, so its hooks are off and nothing of it is checked out but the one tree.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from pathlib import Path

from .generated import attributes_for_text
from .git import ENVIRONMENT, git
from .model import CanaryError, Repository

# Whatever reaches the repository by hand reaches it here: keys, a credential helper, a proxy.
_PASSED_ON = re.compile(
    r"HOME|PATH|XDG_CONFIG_HOME|SSH_AUTH_SOCK|GIT_SSH(_COMMAND)?|GIT_ASKPASS|(https?|no)_proxy", re.I
)


def fetch(source: Repository, repositories: Path) -> None:
    """Have the commits in a bare repository under `repositories`; one that has them is not asked again."""
    repositories.mkdir(parents=True, exist_ok=True)
    bare = _bare(source, repositories)
    with (repositories / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (bare / "info" / "attributes").exists():
            shutil.rmtree(bare, ignore_errors=True)
            git(repositories, "init", "--quiet", "--bare", "--template=", str(bare))
            attributes_for_text(bare)
        for commit in _commits(source):
            if not _has(bare, commit):
                _fetch(source, bare, commit)
    linked = [line for line in git(bare, "ls-tree", "-r", source.commit).splitlines() if line.startswith("160000 ")]
    if linked:
        raise CanaryError(
            f"{source.url} has a submodule, {linked[0].partition(chr(9))[2]}: its files are in another repository, and "
            "a sandbox has no network to fetch them.",
            "Name a commit that has those files in its own tree.",
        )


def check_out(source: Repository, workspace: Path, repositories: Path | None) -> None:
    """The files of the commit, and nothing of its history."""
    bare = _fetched(source, repositories)
    index = ENVIRONMENT | {"GIT_INDEX_FILE": str(workspace.parent.resolve() / "start.index")}
    where = (f"--git-dir={bare.resolve()}", f"--work-tree={workspace.resolve()}")
    git(workspace, *where, "read-tree", source.commit, environment=index)
    git(workspace, *where, "checkout-index", "--all", "--force", environment=index)
    Path(index["GIT_INDEX_FILE"]).unlink()


def tests_patch(source: Repository, repositories: Path | None) -> str:
    if source.tests_commit is None:
        return ""
    return _diff(source, repositories, source.tests_commit, "--", *source.tests)


def reference_patch(source: Repository, repositories: Path | None) -> str | None:
    if source.reference_commit is None:
        return None
    return _diff(source, repositories, source.reference_commit)


def _diff(source: Repository, repositories: Path | None, *until: str) -> str:
    bare = _fetched(source, repositories)
    return git(bare, "diff", "--binary", "--no-renames", "--no-ext-diff", "--no-textconv", source.commit, *until)


def _fetch(source: Repository, bare: Path, commit: str) -> None:
    passed_on = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    # A repository beside the lab may be another user's; only the one that is named is read.
    trusted = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    environment = passed_on | trusted | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    remedy = f"See that this works: git ls-remote {source.url}"
    words = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules")
    try:
        git(bare, *words, source.url, commit, environment=environment)
    except CanaryError:
        # A server may refuse to give a commit by its id alone.
        git(bare, *words, source.url, "+refs/heads/*:refs/heads/*", environment=environment, remedy=remedy)
    if not _has(bare, commit):
        raise CanaryError(f"{source.url} has no commit {commit}.", "Push it, or name one that is there.")


def _has(bare: Path, commit: str) -> bool:
    try:
        git(bare, "cat-file", "-e", f"{commit}^{{tree}}")
    except CanaryError:
        return False
    return True


def _commits(source: Repository) -> list[str]:
    return [commit for commit in (source.commit, source.tests_commit, source.reference_commit) if commit]


def _bare(source: Repository, repositories: Path) -> Path:
    return repositories / f"{hashlib.sha256(source.url.encode()).hexdigest()[:16]}.git"


def _fetched(source: Repository, repositories: Path | None) -> Path:
    if repositories is None or not _bare(source, repositories).is_dir():
        raise CanaryError(
            f"{source.url} has not been fetched.", "Run it in a sweep or with lab canary verify: both fetch it first."
        )
    return _bare(source, repositories)
