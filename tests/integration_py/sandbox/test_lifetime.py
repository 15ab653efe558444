# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing outlives its command, its sandbox, or its caller."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import (
    Backend,
    Sandbox,
    SandboxDied,
    SandboxSpec,
    remove_tree,
)

from .conftest import Run, gone, holders, seen


def test_closing_leaves_no_process(backend: Backend) -> None:
    sandbox = backend.open(SandboxSpec())
    thread = threading.Thread(target=start_daemon, args=(sandbox, "987654.25"))
    thread.start()
    assert seen("987654.25")
    sandbox.kill()  # from another thread than the one whose call is in progress
    thread.join(20)
    assert not thread.is_alive()
    sandbox.close()
    assert not holders("sleep\0987654.25")


def start_daemon(sandbox: Sandbox, mark: str) -> None:
    script = f"setsid setsid sleep {mark} & sleep {mark}"
    with pytest.raises(SandboxDied):
        sandbox.call("run", {"command": ["sh", "-c", script], "timeout_seconds": 100}, 100)


PARENT = """
import sys
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import SandboxSpec, select
backend, mark = sys.argv[1:]
with select(backend).open(SandboxSpec()) as sandbox:
    sandbox.call("run", {"command": ["sh", "-c", f"setsid sleep {mark} & sleep {mark}"], "timeout_seconds": 100}, 100)
"""


def test_the_death_of_the_caller_ends_it(backend: Backend, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["backend"]
    mark = f"{os.getpid()}.75"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    parent = subprocess.Popen([sys.executable, "-c", PARENT, name, mark], env=environment)
    try:
        assert seen(mark)
    finally:
        parent.kill()
        parent.wait()
    assert gone(mark)


def test_commands_that_leave_many_children_behind_are_no_fork_bomb(run: Run) -> None:
    """What has ended is no longer counted: there are twice as many orphans as there may be processes."""
    script = "i=0; while [ $i -lt 120 ]; do (true &); sleep 0.02; i=$((i+1)); done; echo done"
    reply = run("sh", "-c", script)
    assert (reply["output"], reply["exit_code"], reply["limits"]) == ("done\n", 0, [])


def litter(top: Path, kind: str) -> None:
    if kind == "without permissions":
        (top / "a" / "b" / "c").mkdir(parents=True)
        (top / "a" / "link").symlink_to("/")
        (top / "a" / "b" / "c" / "d").touch()
        for folder in ("a/b/c", "a/b", "a", "."):
            (top / folder).chmod(0)
        return
    script = "import os\nfor _ in range(1500):\n os.mkdir('d' * 100)\n os.chdir('d' * 100)\nopen('file', 'w').close()"
    subprocess.run([sys.executable, "-c", script], cwd=top, check=True)


@pytest.mark.parametrize("kind", ["without permissions", "too deep for a path"])
def test_whatever_is_left_can_be_removed(kind: str, tmp_path: Path) -> None:
    top = tmp_path / "scratch"
    top.mkdir()
    litter(top, kind)
    remove_tree(top)
    assert not top.exists()
    remove_tree(top)
