# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A canary's repository: its tree is patches, from which the same single commit is made every time.

Git runs on the controller here, so only ever on what the canary's folder holds: what an agent had its hands on is
opened in a sandbox alone, because a repository's configuration and hooks are programs.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..sandbox import ORIGIN, Limits, SandboxSpec
from .model import Canary, CanaryError

_DATE = "2026-01-01T00:00:00Z"
# Nothing of the caller's: neither its configuration, nor its templates and hooks, nor its GIT_* variables.
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "TZ": "UTC",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "lab",
    "GIT_AUTHOR_EMAIL": "lab@lab.invalid",
    "GIT_AUTHOR_DATE": _DATE,
    "GIT_COMMITTER_NAME": "lab",
    "GIT_COMMITTER_EMAIL": "lab@lab.invalid",
    "GIT_COMMITTER_DATE": _DATE,
}
_SETTINGS = ("core.hooksPath=/dev/null", "core.logAllRefUpdates=false", "core.autocrlf=false", "gc.auto=0")
_REMOTE = f"""[remote "origin"]
\turl = {ORIGIN}
\tfetch = +refs/heads/*:refs/remotes/origin/*
[branch "main"]
\tremote = origin
\tmerge = refs/heads/main
"""


@dataclass(frozen=True)
class Layout:
    """A canary laid out: a bare origin, and a clone of it whose remote is where the sandbox has the origin.

    Both stay as they are: a sandbox works on copies. The answers are the folder of canaries: no sandbox may show it.
    """

    origin: Path
    workspace: Path
    start_commit: str
    answers: Path

    def spec(self, limits: Limits = Limits()) -> SandboxSpec:  # noqa: B008 (frozen)
        """The sandbox of the agent: it works in the clone and may push to the origin."""
        return SandboxSpec(self.workspace, self.origin, masked=[self.answers], limits=limits)


def lay_out(canary: Canary, folder: Path) -> Layout:
    """Make origin and clone below a folder: one commit, always the same one, no other refs, no reflog."""
    workspace, origin = folder / "workspace", folder / "origin.git"
    folder.mkdir(parents=True, exist_ok=True)
    _git(folder, "init", "--quiet", "--initial-branch=main", "--template=", str(workspace))
    _apply(canary, "start.patch", workspace, "--index")
    _git(workspace, "commit", "--quiet", "--message=Start")
    data = workspace / ".git"
    (data / "COMMIT_EDITMSG").unlink(missing_ok=True)
    start_commit = (data / "refs/heads/main").read_text(encoding="ascii").strip()
    shutil.copytree(data, origin)
    (origin / "index").unlink()
    (origin / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n", encoding="utf-8")
    with (data / "config").open("a", encoding="utf-8") as config:
        config.write(_REMOTE)
    remote_refs = data / "refs/remotes/origin"
    remote_refs.mkdir(parents=True)
    (remote_refs / "main").write_text(start_commit + "\n", encoding="ascii")
    return Layout(origin, workspace, start_commit, canary.folder.resolve().parent)


def hidden_sources(canary: Canary) -> dict[str, str]:
    """The hidden tests, by module name. They are kept in memory: no tree an agent's code can see ever holds them."""
    with tempfile.TemporaryDirectory(prefix="lab-hidden-") as folder:
        _apply(canary, "hidden.patch", Path(folder))
        return {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(folder).rglob("*.py"))}


def _apply(canary: Canary, patch: str, folder: Path, *options: str) -> None:
    _git(folder, "apply", "--whitespace=nowarn", *options, str((canary.folder / patch).resolve()))


def _git(folder: Path, *arguments: str) -> None:
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    # Without a ceiling, a folder inside somebody's checkout would count as that checkout's.
    environment = _ENVIRONMENT | {"GIT_CEILING_DIRECTORIES": str(folder.resolve().parent)}
    try:
        result = subprocess.run(
            ["git", *settings, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise CanaryError("git is not installed on this controller.", "Install git.") from None
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip()
        raise CanaryError(f"git {arguments[0]} failed in {folder}: {said}", "Check the canary's patches.")
