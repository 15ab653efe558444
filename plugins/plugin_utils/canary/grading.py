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
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..sandbox import Backend, Sandbox, SandboxSpec, remove_tree
from .model import Canary, Repository
from .pushed import Unusable
from .repository import lay_out
from .source import Resources, hidden_sources, restored_tests

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
    """The verdict on a push. The commit is None when nothing but the start state is there.

    The scores are what hidden tests measured beside passing: found and falsely flagged defects, say.
    """

    passed: bool
    tests_passed: int
    tests_expected: int
    commit: str | None
    reason: str
    log: str = ""
    diff: str = ""
    scores: dict[str, float] = field(default_factory=dict)


class _Ungradable(Exception):
    """What was pushed cannot even be checked out and compared."""


def grade(
    canary: Canary,
    pushed: Path | Unusable | None,
    backend: Backend,
    folder: Path,
    resources: Resources = Resources(),  # noqa: B008 (frozen)
    *,
    failfast: bool = False,
) -> Grade:
    """Judge what was pushed: a bundle, nothing, or what no bundle could be made of. The folder is scratch, and removed.

    The bundle is opened in the grading sandbox alone, where it is fetched into the trusted start state. With failfast,
    the first hidden test that fails is the last that runs: whether it passes is all that is asked.
    """
    if pushed is None:
        return Grade(False, 0, canary.hidden_tests, None, "nothing was pushed")
    try:
        if isinstance(pushed, Unusable):
            raise _Ungradable(pushed.reason)
        start = lay_out(canary, folder, resources)
        bundle = folder / "pushed.bundle"
        bundle.write_bytes(pushed.read_bytes())
        bundle.chmod(0o644)
        judged = [(bundle, BUNDLE_INSIDE), (RUNNER, RUNNER_INSIDE), *start.readonly]
        with backend.open(SandboxSpec(start.workspace, readonly=judged, masked=[start.answers])) as sandbox:
            return _grade(canary, sandbox, start.start_commit, resources, failfast)
    except _Ungradable as error:
        return Grade(False, 0, canary.hidden_tests, None, f"what was pushed cannot be graded: {error}")
    finally:
        remove_tree(folder)


def _grade(canary: Canary, sandbox: Sandbox, start_commit: str, resources: Resources, failfast: bool) -> Grade:
    commit = _check_out(sandbox)
    if commit == start_commit:
        return Grade(False, 0, canary.hidden_tests, None, "nothing was pushed")
    diff = _git(sandbox, "diff", "--no-ext-diff", "--no-textconv", start_commit, commit, max_chars=MAX_DIFF_CHARS)
    dropped = _put_back(canary, sandbox, start_commit, commit)
    if isinstance(canary.source, Repository):
        judged = _run_its_tests(canary, sandbox, restored_tests(canary, resources))
    elif canary.hidden_tests:
        judged = _run_hidden_tests(canary, sandbox, hidden_sources(canary), failfast)
    else:
        judged = _Judged(0, 0, "")
    reason = judged.reason or f"{judged.passed} of {canary.hidden_tests} hidden tests passed"
    if not canary.solvable:
        reason = f"no push passes: this cannot be done as it is specified ({reason})"
    return Grade(
        passed=canary.solvable and judged.ran == judged.passed == canary.hidden_tests,
        tests_passed=judged.passed,
        tests_expected=canary.hidden_tests,
        commit=commit,
        reason=reason,
        log="".join(f"dropped before grading: {path}\n" for path in dropped) + judged.log,
        diff=diff,
        scores=judged.scores,
    )


@dataclass(frozen=True)
class _Judged:
    ran: int
    passed: int
    log: str
    reason: str = ""
    scores: dict[str, float] = field(default_factory=dict)


def _run_hidden_tests(canary: Canary, sandbox: Sandbox, modules: dict[str, str], failfast: bool) -> _Judged:
    nonce, seconds = secrets.token_hex(32), canary.budgets.command_seconds
    order = {"nonce": nonce, "modules": modules, "call_seconds": seconds, "failfast": failfast}
    reply = _run(sandbox, [*_PYTHON, RUNNER_INSIDE], canary.hidden_seconds, json.dumps(order))
    output = str(reply.get("output") or reply.get("error") or "")
    ran, passed, scores = _verdict(output, nonce)
    reason = ""
    if reply.get("timed_out"):
        reason = f"the hidden tests did not end within {canary.hidden_seconds:g} s"
    elif failfast and passed < ran:
        reason = f"hidden test {ran} of {canary.hidden_tests} did not pass"
    elif ran != canary.hidden_tests:
        reason = f"{ran} of {canary.hidden_tests} hidden tests ran"
    return _Judged(ran, passed, output.replace(nonce, "verdict"), reason, scores)


def _run_its_tests(canary: Canary, sandbox: Sandbox, tests_patch: str) -> _Judged:
    """A repository's own test command: its exit code is the verdict, and so within reach of the code it tests."""
    if tests_patch:
        _git(sandbox, "apply", "--whitespace=nowarn", "-", stdin=tests_patch)
    reply = _run(sandbox, list(canary.test_command), canary.hidden_seconds)
    output = str(reply.get("output") or reply.get("error") or "")
    if reply.get("timed_out"):
        return _Judged(1, 0, output, f"the tests did not end within {canary.hidden_seconds:g} s")
    passed = reply.get("exit_code") == 0
    said = "the test command passed" if passed else f"the test command ended with {reply.get('exit_code')}"
    return _Judged(1, int(passed), output, said)


# Without site: what is installed beside this controller's Python changes neither a verdict nor how long it takes.
_PYTHON = ("python3", "-I", "-S", "-B")


def _verdict(output: str, nonce: str) -> tuple[int, int, dict[str, float]]:
    """Tests run, tests passed, scores; nothing unless the last line carries the nonce, which only the runner knows."""
    last = output.rstrip("\n").rpartition("\n")[2]
    found, _unused, data = last.partition(" ")
    if not secrets.compare_digest(found.encode(), nonce.encode()):
        return 0, 0, {}
    verdict = json.loads(data)
    return int(verdict["ran"]), int(verdict["passed"]), dict(verdict["scores"])


def _check_out(sandbox: Sandbox) -> str:
    fetch = ("-c", "transfer.fsckObjects=true", "fetch", "--quiet", "--no-tags", "--no-recurse-submodules")
    _git(sandbox, *fetch, BUNDLE_INSIDE, "refs/heads/main")
    # A link is checked out as a file that holds its target: no path of the tree leads out of it.
    _git(sandbox, "-c", "core.symlinks=false", "checkout", "--quiet", "--detach", "FETCH_HEAD")
    return _git(sandbox, "rev-parse", "HEAD").strip()


def _put_back(canary: Canary, sandbox: Sandbox, start_commit: str, commit: str) -> list[str]:
    """Undo what changes how tests run, and what a repository's canary has for tests; says which paths."""
    names = ("diff", "--name-only", "--no-renames", "-z")
    changed = _git(sandbox, *names, start_commit, commit).split("\0")
    added = set(_git(sandbox, *names, "--diff-filter=A", start_commit, commit).split("\0"))
    tests = [PurePosixPath(path) for path in canary.source.tests] if isinstance(canary.source, Repository) else []
    dropped = [path for path in changed if path and _is_harness(PurePosixPath(path), tests)]
    for path in dropped:
        if path in added:
            _git(sandbox, "rm", "--quiet", "--force", "--", f":(literal){path}")
        else:
            _git(sandbox, "checkout", "--quiet", start_commit, "--", f":(literal){path}")
    return dropped


def _is_harness(path: PurePosixPath, tests: Sequence[PurePosixPath]) -> bool:
    return path.name in HARNESS_FILES or any(path.is_relative_to(test) for test in tests)


def _git(sandbox: Sandbox, *arguments: str, max_chars: int = 100_000, stdin: str = "") -> str:
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", *arguments]
    reply = _run(sandbox, command, GIT_SECONDS, stdin, max_chars)
    if reply.get("exit_code") != 0:
        said = str(reply.get("error") or reply.get("output") or "").strip()
        raise _Ungradable(f"git {next(word for word in arguments if word.isalpha())}: {said or 'no answer in time'}")
    return str(reply["output"])


def _run(
    sandbox: Sandbox, command: list[str], seconds: float, stdin: str = "", max_chars: int = 100_000
) -> dict[str, object]:
    request = {"command": command, "timeout_seconds": seconds, "stdin": stdin, "max_chars": max_chars}
    return sandbox.call("run", request, seconds + MARGIN_SECONDS)
