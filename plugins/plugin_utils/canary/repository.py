# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A canary's repository: its tree is data, from which the same single commit is made every time."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..sandbox import ORIGIN, Limits, SandboxSpec
from .git import git
from .model import Canary
from .source import Resources, write_start

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
    `readonly` is what the canary may import from.
    """

    origin: Path
    workspace: Path
    start_commit: str
    answers: Path
    readonly: Sequence[tuple[Path, str]] = ()

    def spec(self, limits: Limits = Limits()) -> SandboxSpec:  # noqa: B008 (frozen)
        """The sandbox of the agent: it works in the clone and may push to the origin."""
        return SandboxSpec(self.workspace, self.origin, self.readonly, masked=[self.answers], limits=limits)


def lay_out(canary: Canary, folder: Path, resources: Resources = Resources()) -> Layout:  # noqa: B008 (frozen)
    """Make origin and clone below a folder: one commit, always the same one, no other refs, no reflog."""
    workspace, origin = folder / "workspace", folder / "origin.git"
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main", "--template=", str(workspace))
    write_start(canary, workspace, resources)
    git(workspace, "commit", "--quiet", "--message=Start")
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
    return Layout(origin, workspace, start_commit, canary.folder.resolve().parent, resources.mounts(canary))
