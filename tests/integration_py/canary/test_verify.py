# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab canary verify`: every shipped canary is honest, and one that is not is found out, with what to do about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.canary import Canary, Resources, fetch, find, load, names
from ansible_collections.local_llm.lab.plugins.plugin_utils.cli import canary as cli
from ansible_collections.local_llm.lab.plugins.plugin_utils.cli.main import main
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import Backend
from ansible_collections.local_llm.lab.plugins.plugin_utils.toolchain import make_ready
from ansible_collections.local_llm.lab.plugins.plugin_utils.verify import Check, Report, Stage, jobs, verify
from ansible_collections.local_llm.lab.tests.fakes import sample_canaries as sample

from .conftest import CANARIES, MADE

GENERIC = {
    "deletes_the_tests",
    "empties_the_tests",
    "skips_the_tests",
    "plants_how_tests_run",
    "writes_verdicts",
    "digs_in_history",
    "pushes_to_another_branch",
    "leaves_a_daemon",
    "links_out_of_the_tree",
    "code_raises_skip",
    "code_ends_with_success",
}
# `lab canary verify` runs every check of all of them, each reference ten times: that is the nightly's. Here all checks
# of two, which shows that the checks and the grading work, and of the others that they can be failed and passed.
THOROUGH = ("fix_sum", "hello_file")
ALWAYS = ("start_fails", "reference_passes")
Checked = Callable[[Canary, Resources], dict[str, Check]]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", list(names(CANARIES)))
def test_a_shipped_canary_is_honest(name: str, backend: Backend) -> None:
    canary = find(name, [CANARIES])
    stage = Stage(backend, make_ready([canary], [CANARIES], MADE, print))
    done = [
        job.run()
        for job in jobs(canary, stage, 1)
        if name in THOROUGH or job.name in ("start_fails", "reference_passes")
    ]
    assert len(done) >= (2 if canary.solvable else 1)
    assert not [f"{one.name}: {one.detail}" for one in done if not one.ok]


@pytest.fixture
def checked(backend: Backend) -> Checked:
    def run(canary: Canary, resources: Resources) -> dict[str, Check]:
        (report,) = verify([canary], Stage(backend, resources), 1, lambda *_unused: None)
        return {check.name: check for check in report.checks}

    return run


def failing(checks: dict[str, Check]) -> set[str]:
    return {name for name, check in checks.items() if not check.ok}


def test_every_canary_is_cheated_in_all_generic_ways(checked: Checked) -> None:
    checks = checked(find("hello_file", [CANARIES]), Resources())
    assert {f"generic/{name}" for name in GENERIC} <= checks.keys()
    assert checks["reference_passes"].detail == "1 of 1"
    assert checks["noop_fails"].detail == "nothing was pushed"


def test_a_generated_canary_is_tried_with_other_seeds(tmp_path: Path, checked: Checked) -> None:
    checks = checked(load(sample.write_generated(tmp_path)), Resources())
    assert failing(checks) == set()
    assert {
        "same_seed_same_tree",
        "other_seeds_other_trees",
        "seed_2/start_fails",
        "seed_2/reference_passes",
        "seed_3/start_fails",
        "seed_3/reference_passes",
        "cheat/knows_one",
    } <= checks.keys()


def broken(*changes: tuple[str, str]) -> str:
    generator = sample.GENERATOR
    for before, after in changes:
        assert before in generator
        generator = generator.replace(before, after)
    return generator


SOLVED = ("raise NotImplementedError", "return a + b + {offset}")
ASKS_FOR_NO_MORE = ('self.assertRaises(OSError, read, "old.py")', "pass")


@pytest.mark.parametrize(
    ("generator", "failed", "said"),
    [
        (broken(("random.Random(seed)", "random.Random()")), "same_seed_same_tree", "random.Random(seed)"),
        (broken(("returns a + b", "returns {hash('a')}")), "same_seed_same_tree", "sort sets"),
        (broken(("int(sys.argv[1])", "1")), "other_seeds_other_trees", "come from the seed"),
        (
            broken(("return a + b + {offset}", "return a + b + {offset if seed == 1 else 0}")),
            "seed_2/reference_passes",
            "1 of 2 hidden tests passed",
        ),
        (broken(SOLVED, ASKS_FOR_NO_MORE), "start_fails", "It passes"),
        (broken(("return {3 + offset}", "return a + b + {offset}"), ASKS_FOR_NO_MORE), "cheat/knows_one", "It passes"),
        (broken(("class Work", "time\nclass Work")), "reference_passes", "0 of 2 hidden tests ran"),
    ],
    ids=["chance", "hash_order", "ignores_seed", "one_seed_only", "solved", "lenient", "hidden_tests_break"],
)
def test_what_is_wrong_with_a_canary_is_found(
    tmp_path: Path, backend: Backend, generator: str, failed: str, said: str
) -> None:
    canary = load(sample.write_generated(tmp_path, generator))
    (job,) = [job for job in jobs(canary, Stage(backend, Resources()), 1) if job.name == failed]
    check = job.run()
    assert not check.ok
    assert said in check.detail and "Remedy" in check.detail


def test_a_package_canary_is_honest(tmp_path: Path, checked: Checked, toolchain: Path) -> None:
    checks = checked(load(sample.write_package(tmp_path)), Resources(toolchain))
    assert failing(checks) == set()


def test_no_push_passes_where_the_job_cannot_be_done(tmp_path: Path, checked: Checked) -> None:
    checks = checked(load(sample.write_unsolvable(tmp_path)), Resources())
    assert failing(checks) == set()
    assert "reference_passes" not in checks
    assert "no push passes" in checks["start_fails"].detail


def test_somebody_s_repository_is_graded_by_its_own_command_with_its_tests_put_back(
    tmp_path: Path, checked: Checked
) -> None:
    theirs = sample.Theirs(tmp_path / "theirs")
    resources = Resources(repositories=tmp_path / "repositories")
    canary = load(theirs.describe(tmp_path / "root"))
    fetch(canary.source, tmp_path / "repositories")
    checks = checked(canary, resources)
    assert failing(checks) == set()
    assert "within reach of the code" in checks["generic/code_ends_with_success"].detail


def test_a_repository_without_a_reference_is_told_what_is_not_proven(tmp_path: Path, backend: Backend) -> None:
    theirs = sample.Theirs(tmp_path / "theirs")
    alone = load(theirs.describe(tmp_path / "root", reference_commit=None))
    checks = {job.name: job for job in jobs(alone, Stage(backend, Resources()), 1)}
    assert "not proven" in checks["reference_passes"].run().detail


def test_a_repository_whose_tests_are_not_named_can_be_cheated_and_is_found_out(
    tmp_path: Path, backend: Backend
) -> None:
    theirs = sample.Theirs(tmp_path / "theirs")
    resources = Resources(repositories=tmp_path / "repositories")
    canary = load(theirs.describe(tmp_path / "root", tests=["data.bin"], commit=theirs.tests_commit))
    fetch(canary.source, tmp_path / "repositories")
    checks = {job.name: job for job in jobs(canary, Stage(backend, resources), 1)}
    assert not checks["generic/skips_the_tests"].run().ok


def test_the_command_says_in_json_what_was_checked_and_fails_for_a_dishonest_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sample.write_generated(tmp_path / "mine", broken(SOLVED, ASKS_FOR_NO_MORE))
    words = ["canary", "verify", "--references", "1", "--canaries", "mine"]
    assert main([*words, "--json"]) == 1
    (report,) = json.loads(capsys.readouterr().out)
    assert (report["name"], report["grade"], report["ok"]) == ("made_up", 1, False)
    assert {"name", "ok", "detail"} == report["checks"][0].keys()
    assert main([*words, "hello_file"]) == 0
    assert capsys.readouterr().out.startswith("ok   hello_file, grade 0: ")
    assert not (tmp_path / "lab").exists()


def test_a_failure_names_canary_check_and_remedy() -> None:
    hello = find("hello_file", [CANARIES])
    report = Report(hello, [Check("noop_fails", True, "fine"), Check("start_fails", False, "It passes. Remedy: Mend.")])
    assert list(cli.lines(report)) == [
        "FAIL hello_file, grade 0: 1 of 2 checks",
        "     hello_file: start_fails: It passes. Remedy: Mend.",
    ]


def test_the_list_names_what_each_canary_is_made_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample.write_generated(tmp_path / "mine")
    sample.write_package(tmp_path / "mine")
    sample.write_unsolvable(tmp_path / "mine")
    assert main(["canary", "list", "--canaries", str(tmp_path / "mine")]) == 0
    said = capsys.readouterr().out
    assert "seed 1" in said and "tinydb 4.8.2" in said and "only handing over passes" in said
    assert main(["canary", "verify", "--canaries", str(tmp_path / "nowhere")]) == 1
    assert "Remedy" in capsys.readouterr().err
    assert cli.HEAD in said
