# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts of a push, and that nothing else does. That each canary is honest is test_verify.py's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.canary import Canary, Resources, hidden_sources, load
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import Backend, Sandbox
from ansible_collections.local_llm.lab.plugins.plugin_utils.verify import Stage

from .conftest import CANARIES, Play, apply, push, shell


def apply_and_push(patch: str) -> object:
    def act(_canary: Canary, sandbox: Sandbox) -> None:
        apply(sandbox, CANARIES / patch)
        assert push(sandbox)["ok"]

    return act


def test_nothing_pushed_is_said_so(play: Play) -> None:
    def act(_canary: Canary, sandbox: Sandbox) -> None:
        assert "nothing to push" in str(push(sandbox)["error"])

    verdict = play("hello_file", act)
    assert (verdict.passed, verdict.commit, verdict.reason) == (False, None, "nothing was pushed")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("git push -q origin HEAD:refs/heads/other", "nothing was pushed"),
        ("git push -q origin HEAD:refs/tags/main", "nothing was pushed"),
        (
            "git push -q origin HEAD:refs/heads/other; git -C /origin.git update-ref -d refs/heads/main",
            "cannot be graded",
        ),
        ("git push -q origin HEAD:main; rm -rf /origin.git/objects/??", "cannot be graded"),
        ("rm -rf /origin.git/*", "cannot be graded"),
    ],
)
def test_what_is_not_on_main_does_not_count(play: Play, script: str, reason: str) -> None:
    def act(_canary: Canary, sandbox: Sandbox) -> None:
        shell(sandbox, f"printf 'Hello, world' > greeting.txt; git add .; git commit -qm x; {script}")

    verdict = play("hello_file", act)
    assert not verdict.passed
    assert reason in verdict.reason


def test_another_history_with_the_right_tree_passes(play: Play) -> None:
    def act(_canary: Canary, sandbox: Sandbox) -> None:
        shell(
            sandbox,
            "printf 'Hello, world' > greeting.txt; git checkout -q --orphan new; git add .; git commit -qm x;"
            "git push -qf origin new:main",
        )

    assert play("hello_file", act).passed


def test_a_second_push_counts(play: Play) -> None:
    def act(_canary: Canary, sandbox: Sandbox) -> None:
        shell(sandbox, "printf 'Hello' > greeting.txt")
        first = push(sandbox)
        shell(sandbox, "printf 'Hello, world' > greeting.txt")
        second = push(sandbox)
        assert (first["changed_files"], second["changed_files"]) == (["greeting.txt"], ["greeting.txt"])
        assert "nothing to push" in str(push(sandbox)["error"])

    assert play("hello_file", act).passed


def test_hooks_and_settings_of_the_agent_run_nowhere_outside(play: Play, tmp_path: Path) -> None:
    """A repository's configuration is a program; on the controller nobody opens what the agent could write to."""
    trap = tmp_path / "trapped"

    def act(_canary: Canary, sandbox: Sandbox) -> None:
        shell(
            sandbox,
            f"""
            printf 'Hello, world' > greeting.txt
            git add .; git commit -qm x; git push -q origin HEAD:main
            for repository in /origin.git .git; do
                mkdir -p $repository/hooks
                for hook in post-checkout post-receive pre-receive reference-transaction post-index-change; do
                    printf '#!/bin/sh\ntouch {trap}\n' > $repository/hooks/$hook; chmod +x $repository/hooks/$hook
                done
                for key in core.fsmonitor core.pager uploadpack.packObjectsHook core.sshCommand diff.external; do
                    git config -f $repository/config $key "touch {trap}"
                done
            done
            """,
        )

    assert play("hello_file", act).passed
    assert not trap.exists()


def test_changes_to_how_tests_run_are_dropped_and_logged(play: Play) -> None:
    verdict = play("fix_sum", apply_and_push("fix_sum/cheats/sets_up_python.patch"))
    for name in ("conftest.py", "pytest.ini", "sitecustomize.py"):
        assert f"dropped before grading: {name}" in verdict.log
        assert name in verdict.diff


def test_the_thief_would_steal_if_there_were_anything_to_read(play: Play) -> None:
    """Shows that reads_its_judges.patch fails for want of something to read, not for want of skill."""

    def act(canary: Canary, sandbox: Sandbox) -> None:
        apply(sandbox, canary.folder / "cheats" / "reads_its_judges.patch")
        apply(sandbox, canary.folder / "hidden.patch")
        shell(sandbox, "test $(python3 -c 'import totals; print(totals.total([5, -8, -13]))') = -16")

    play("fix_sum", act)


def test_the_hidden_tests_are_nowhere_in_the_agent_s_sandbox(play: Play) -> None:
    def act(canary: Canary, sandbox: Sandbox) -> None:
        for module, source in hidden_sources(canary).items():
            line = next(line for line in source.splitlines() if line.startswith("    def test_")).strip()
            search = (
                f"if grep -rsqF '{line}' /workspace /origin.git /opt/lab/*.py /tmp /home; then exit 1; fi;"
                f"if find / -path /proc -prune -o -name '{module}*' -print | grep .; then exit 1; fi"
            )
            shell(sandbox, search)

    play("fix_sum", act)


SCORED = """
from grader import read, score
score("found", 2)
score("planted", 3)

class Review(unittest.TestCase):
    def test_all_were_found(self):
        score("false_flags", read("greeting.txt").count("!"))
        self.assertEqual(2, 3)
"""


def test_scores_come_with_the_verdict_and_decide_nothing(backend: Backend, tmp_path: Path) -> None:
    folder = tmp_path / "root" / "hello_file"
    shutil.copytree(CANARIES / "hello_file", folder)
    lines = ["import unittest", *SCORED.splitlines()]
    patch = "".join(f"+{line}\n" for line in lines)
    head = f"diff --git a/t.py b/t.py\nnew file mode 100644\n--- /dev/null\n+++ b/t.py\n@@ -0,0 +1,{len(lines)} @@\n"
    (folder / "hidden.patch").write_text(head + patch)
    canary = load(folder)

    def act(sandbox: Sandbox) -> None:
        shell(sandbox, "echo 'Hello!' > greeting.txt")
        push(sandbox)

    with Stage(backend, Resources()).acted(canary, act) as judge:
        verdict = judge()
    assert not verdict.passed
    assert verdict.scores == {"found": 2, "planted": 3, "false_flags": 1}


def test_where_nothing_can_pass_the_hidden_tests_still_tell_how_far_it_came(backend: Backend, tmp_path: Path) -> None:
    folder = tmp_path / "root" / "hello_file"
    shutil.copytree(CANARIES / "hello_file", folder)
    reference = (folder / "reference.patch").read_text()
    (folder / "reference.patch").unlink()
    description = (folder / "canary.yml").read_text()
    (folder / "canary.yml").write_text(description.replace("solvable: true", "solvable: false"))

    def act(sandbox: Sandbox) -> None:
        shell(sandbox, "git apply -", reference)
        push(sandbox)

    verdict = Stage(backend, Resources()).play(load(folder), act)
    assert (verdict.passed, verdict.tests_passed) == (False, 1)
    assert "no push passes" in verdict.reason
