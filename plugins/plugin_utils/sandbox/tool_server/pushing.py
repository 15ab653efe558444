# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools that hand work over: a push to the origin, and the bundle of what is there for whoever grades it."""

from __future__ import annotations

import base64
import subprocess

from .commands import Commands
from .words import ORIGIN, START, Refused

GIT_SECONDS = 60.0
MAX_BUNDLE_BYTES = 8 * 2**20
_MAIN = "refs/heads/main"


class Pushing:
    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def push(self, message: object = "") -> dict[str, object]:
        self._git("add", "--all")
        if self._git("status", "--porcelain"):
            self._git("commit", "--quiet", "--message", str(message).strip() or "Work of the agent")
        before, commit = self._git("rev-parse", "refs/remotes/origin/main", "HEAD").split()
        if before == commit:
            raise Refused("nothing to push: no file was changed since the last push")
        changed = self._git("diff", "--name-only", "--no-renames", before, commit).splitlines()
        self._git("push", "--quiet", "origin", f"HEAD:{_MAIN}")
        try:
            bundle = self._bundle()
        except Refused:
            # As if it had not been tried: what is too much can be taken out and pushed again.
            self._git("push", "--quiet", "--force", "origin", f"{before}:{_MAIN}")
            self._git("reset", "--quiet", "--soft", before)
            raise
        return {"commit": commit, "changed_files": changed, "bundle": bundle}

    def export(self) -> dict[str, object]:
        """What is on the origin's main now, whoever pushed it; no bundle while that is the start."""
        commit = self._git(f"--git-dir={ORIGIN}", "rev-parse", "--verify", f"{_MAIN}^{{commit}}")
        if commit == _start():
            return {"commit": None, "bundle": None}
        return {"commit": commit, "bundle": self._bundle()}

    def _bundle(self) -> str:
        """All that main has and the start has not: whoever reads it has the start."""
        data = _Data()
        command = ["git", f"--git-dir={ORIGIN}", "bundle", "create", "--quiet", "-", _MAIN, f"^{_start()}"]
        ended = self._commands.execute(command, GIT_SECONDS, data.add, errors=subprocess.DEVNULL)
        if data.total > MAX_BUNDLE_BYTES:
            raise Refused(
                f"what is pushed comes to {data.total} bytes, more than the {MAX_BUNDLE_BYTES} allowed; "
                "remove large files and push again"
            )
        if ended.exit_code != 0:
            raise Refused("git bundle failed: what is on main of the origin cannot be read")
        return base64.b64encode(data.kept).decode()

    def _git(self, *arguments: str) -> str:
        result = self._commands.run(["git", *arguments], GIT_SECONDS)
        if result["exit_code"] != 0:
            name = next(word for word in arguments if not word.startswith("-"))
            raise Refused(f"git {name} failed: {str(result['output']).strip()}")
        return str(result["output"]).strip()


class _Data:
    """The bytes themselves, as long as they are not too many."""

    def __init__(self) -> None:
        self.kept, self.total = bytearray(), 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        if self.total <= MAX_BUNDLE_BYTES:
            self.kept += data


def _start() -> str:
    """The start commit, as it was mounted: nobody in here can have changed that."""
    with open(f"{START}{ORIGIN}/{_MAIN}", encoding="ascii") as file:
        return file.read().strip()
