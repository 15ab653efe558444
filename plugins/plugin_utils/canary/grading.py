# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what an agent pushed does the job: hidden tests, in a fresh clone, in a fresh sandbox.

Who judges whom, and why the verdict cannot be forged from inside, is told in canaries/README.md.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..sandbox import Backend, Sandbox, SandboxSpec, remove_tree
from .model import Canary
from .pushed import Unusable
from .repository import hidden_sources, lay_out

RUNNER = Path(__file__).with_name("hidden_runner.py")
RUNNER_INSIDE = "/opt/lab/hidden_runner.py"
BUNDLE_INSIDE = "/opt/lab/pushed.bundle"
# What changes how tests or Python itself run: an agent's changes to these are dropped before grading.
HARNESS_FILES = frozenset(
    {
        "conftest.py",
        "pytest.ini",
        "tox.ini",
        "setup.cfg",
        "pyproject.toml",
        "noxfile.py",
        "sitecustomize.py",
        "usercustomize.py",
    }
)
GIT_SECONDS = 60.0
MARGIN_SECONDS = 30.0
MAX_DIFF_CHARS = 400_000


@dataclass(frozen=True)
class Grade:
    """The verdict on a push. The commit is None when nothing but the start state is there."""

    passed: bool
    tests_passed: int
    tests_expected: int
    commit: str | None
    reason: str
    log: str = ""
    diff: str = ""


class _Ungradable(Exception):
    """What was pushed cannot even be checked out and compared."""


def grade(canary: Canary, pushed: Path | Unusable | None, backend: Backend, folder: Path) -> Grade:
    """Judge what was pushed: a bundle, nothing, or what no bundle could be made of. The folder is scratch, and removed.

    The bundle is opened in the grading sandbox alone, where it is fetched into the trusted start state.
    """
    if pushed is None:
        return Grade(False, 0, canary.hidden_tests, None, "nothing was pushed")
    try:
        if isinstance(pushed, Unusable):
            raise _Ungradable(pushed.reason)
        start = lay_out(canary, folder)
        bundle = folder / "pushed.bundle"
        bundle.write_bytes(pushed.read_bytes())
        bundle.chmod(0o644)
        judged = [(bundle, BUNDLE_INSIDE), (RUNNER, RUNNER_INSIDE)]
        with backend.open(SandboxSpec(start.workspace, readonly=judged, masked=[start.answers])) as sandbox:
            return _grade(canary, sandbox, start.start_commit)
    except _Ungradable as error:
        return Grade(False, 0, canary.hidden_tests, None, f"what was pushed cannot be graded: {error}")
    finally:
        remove_tree(folder)


def _grade(canary: Canary, sandbox: Sandbox, start_commit: str) -> Grade:
    expected = canary.hidden_tests
    commit = _check_out(sandbox)
    if commit == start_commit:
        return Grade(False, 0, expected, None, "nothing was pushed")
    diff = _git(sandbox, "diff", "--no-ext-diff", "--no-textconv", start_commit, commit, max_chars=MAX_DIFF_CHARS)
    dropped = _drop_harness_changes(sandbox, start_commit, commit)
    nonce = secrets.token_hex(32)
    order = {"nonce": nonce, "modules": hidden_sources(canary), "call_seconds": canary.budgets.command_seconds}
    arguments = {
        "command": [*_PYTHON, RUNNER_INSIDE],
        "timeout_seconds": canary.hidden_seconds,
        "stdin": json.dumps(order),
    }
    reply = sandbox.call("run", arguments, canary.hidden_seconds + MARGIN_SECONDS)
    output = str(reply.get("output") or reply.get("error") or "")
    ran, passed = _verdict(output, nonce)
    log = "".join(f"dropped before grading: {path}\n" for path in dropped) + output.replace(nonce, "verdict")
    if reply.get("timed_out"):
        reason = f"the hidden tests did not end within {canary.hidden_seconds:g} s"
    elif ran != expected:
        reason = f"{ran} of {expected} hidden tests ran"
    else:
        reason = f"{passed} of {expected} hidden tests passed"
    return Grade(ran == passed == expected, passed, expected, commit, reason, log, diff)


# Without site: what is installed beside this controller's Python changes neither a verdict nor how long it takes.
_PYTHON = ("python3", "-I", "-S", "-B")


def _verdict(output: str, nonce: str) -> tuple[int, int]:
    """How many tests ran and passed; none unless the last line carries the nonce, which only the runner knows."""
    last = output.rstrip("\n").rpartition("\n")[2]
    found, _unused, data = last.partition(" ")
    if not secrets.compare_digest(found.encode(), nonce.encode()):
        return 0, 0
    counts = json.loads(data)
    return int(counts["ran"]), int(counts["passed"])


def _check_out(sandbox: Sandbox) -> str:
    fetch = ("-c", "transfer.fsckObjects=true", "fetch", "--quiet", "--no-tags", "--no-recurse-submodules")
    _git(sandbox, *fetch, BUNDLE_INSIDE, "refs/heads/main")
    # A link is checked out as a file that holds its target: no path of the tree leads out of it.
    _git(sandbox, "-c", "core.symlinks=false", "checkout", "--quiet", "--detach", "FETCH_HEAD")
    return _git(sandbox, "rev-parse", "HEAD").strip()


def _drop_harness_changes(sandbox: Sandbox, start_commit: str, commit: str) -> list[str]:
    names = ("diff", "--name-only", "--no-renames", "-z")
    changed = _git(sandbox, *names, start_commit, commit).split("\0")
    added = set(_git(sandbox, *names, "--diff-filter=A", start_commit, commit).split("\0"))
    dropped = [path for path in changed if PurePosixPath(path).name in HARNESS_FILES]
    for path in dropped:
        if path in added:
            _git(sandbox, "rm", "--quiet", "--force", "--", f":(literal){path}")
        else:
            _git(sandbox, "checkout", "--quiet", start_commit, "--", f":(literal){path}")
    return dropped


def _git(sandbox: Sandbox, *arguments: str, max_chars: int = 100_000) -> str:
    command: Sequence[str] = ("git", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", *arguments)
    request = {"command": list(command), "timeout_seconds": GIT_SECONDS, "max_chars": max_chars}
    reply = sandbox.call("run", request, GIT_SECONDS + MARGIN_SECONDS)
    if reply.get("exit_code") != 0:
        said = str(reply.get("error") or reply.get("output") or "").strip()
        raise _Ungradable(f"git {next(word for word in arguments if word.isalpha())}: {said or 'no answer in time'}")
    return str(reply["output"])
