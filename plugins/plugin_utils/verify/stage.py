# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent played by hand: a canary is laid out, something is done in the agent's sandbox, the push is graded."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ...module_utils.errors import LabError
from ..canary import Canary, Grade, Resources, collect, grade, lay_out
from ..sandbox import Backend, Sandbox, remove_tree

SECONDS = 120.0


class PlayFailed(LabError):
    """What was to be done in the agent's sandbox could not be done."""


@dataclass(frozen=True)
class Stage:
    backend: Backend
    resources: Resources

    @contextmanager
    def acted(self, canary: Canary, act: Callable[[Sandbox], None]) -> Iterator[Callable[..., Grade]]:
        """Let `act` be the agent. What it pushed can then be graded, any number of times."""
        scratch = Path(tempfile.mkdtemp(prefix="lab-verify-"))
        try:
            layout = lay_out(canary, scratch / "agent", self.resources)
            with closing(self.backend.open(layout.spec())) as sandbox:
                act(sandbox)
                pushed = collect(sandbox, None, scratch / "pushed.bundle")
            yield partial(grade, canary, pushed, self.backend, scratch / "grade", self.resources)
        finally:
            remove_tree(scratch)

    def play(self, canary: Canary, act: Callable[[Sandbox], None]) -> Grade:
        """Let `act` be the agent, and judge whether what it pushed passes; no longer than until that is clear."""
        with self.acted(canary, act) as judge:
            return judge(failfast=True)


def shell(sandbox: Sandbox, script: str, stdin: str = "") -> None:
    """Run a script in the agent's sandbox; its last words are the reason when it fails."""
    reply = run(sandbox, ["sh", "-euc", script], stdin)
    if reply.get("exit_code") != 0:
        said = str(reply.get("error") or reply.get("output") or "").strip().rpartition("\n")[2]
        raise PlayFailed(said or "no answer in time", "look at what the agent's sandbox shows of this canary")


def run(sandbox: Sandbox, command: list[str], stdin: str = "", seconds: float = SECONDS) -> dict[str, object]:
    return sandbox.call("run", {"command": command, "stdin": stdin, "timeout_seconds": seconds}, seconds + 30)


def apply(sandbox: Sandbox, patch: str) -> None:
    shell(sandbox, "git apply --whitespace=nowarn -", patch)


def push(sandbox: Sandbox) -> None:
    reply = sandbox.call("push", {"message": "Work"}, SECONDS)
    if not reply.get("ok"):
        raise PlayFailed(f"the push failed: {reply.get('error')}", "look at what the cheat or the reference changes")
