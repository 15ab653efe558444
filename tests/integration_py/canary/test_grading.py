# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An honest canary: the start state fails, the reference passes, and no cheat does."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.canary import Canary, Grade, find, hidden_sources
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import Sandbox

from .conftest import CANARIES, Play, apply, push, shell

NAMES = sorted(path.parent.name for path in CANARIES.glob("*/canary.yml"))
CHEATS = sorted(str(path.relative_to(CANARIES)) for path in CANARIES.glob("*/cheats/*.patch"))


def apply_and_push(patch: str) -> object:
    def act(_canary: Canary, sandbox: Sandbox) -> None:
        apply(sandbox, CANARIES / patch)
        assert push(sandbox)["ok"]

    return act


def test_both_canaries_of_the_demo_are_there() -> None:
    assert {"fix_sum", "hello_file"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_passes_and_the_visible_tests_say_so_too(play: Play, name: str) -> None:
    def act(canary: Canary, sandbox: Sandbox) -> None:
        apply(sandbox, canary.folder / "reference.patch")
        run = sandbox.call("run", {"command": list(canary.test_command), "timeout_seconds": 30}, 60)
        assert run["exit_code"] in (0, 5)  # 5: there are no visible tests
        assert push(sandbox)["ok"]

    verdict = play(name, act)
    assert verdict.passed, verdict.log
    assert verdict.tests_passed == verdict.tests_expected == find(name, [CANARIES]).hidden_tests
    assert verdict.commit is not None
    assert verdict.diff.startswith("diff --git")


@pytest.mark.parametrize("name", NAMES)
def test_the_start_state_fails_however_it_is_pushed(play: Play, name: str) -> None:
    def act(_canary: Canary, sandbox: Sandbox) -> None:
        shell(sandbox, "echo done > NOTES.md")
        assert push(sandbox)["ok"]

    verdict = play(name, act)
    assert not verdict.passed
    assert verdict.tests_passed < verdict.tests_expected
    assert verdict.commit is not None


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_does_not_pass(play: Play, cheat: str) -> None:
    verdict: Grade = play(Path(cheat).parts[0], apply_and_push(cheat))
    assert not verdict.passed, verdict.log
    assert verdict.reason


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


@pytest.mark.parametrize("name", NAMES)
def test_the_hidden_tests_are_nowhere_in_the_agent_s_sandbox(play: Play, name: str) -> None:
    def act(canary: Canary, sandbox: Sandbox) -> None:
        for module, source in hidden_sources(canary).items():
            line = next(line for line in source.splitlines() if line.startswith("    def test_")).strip()
            search = (
                f"if grep -rsqF '{line}' /workspace /origin.git /opt/lab/*.py /tmp /home; then exit 1; fi;"
                f"if find / -path /proc -prune -o -name '{module}*' -print | grep .; then exit 1; fi"
            )
            shell(sandbox, search)

    play(name, act)
