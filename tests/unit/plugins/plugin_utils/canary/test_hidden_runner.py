# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hidden test sees of the code it judges: plain answers, or how there was none."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.canary.hidden_runner import Grader, Raised

JUDGED = """
import os, sys
print("noise")
double = lambda number: 2 * number
def wrong(): raise LookupError("not here")
def leaves(): os._exit(0)
def hangs():
    while True: pass
def odd(): return object()
"""


@pytest.fixture
def grader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Grader:
    (tmp_path / "judged.py").write_text(JUDGED)
    monkeypatch.chdir(tmp_path)
    return Grader(call_seconds=30)


def test_an_answer_is_plain_data(grader: Grader) -> None:
    assert grader.call("judged", "double", [1, "a"]) == [1, "a", 1, "a"]


@pytest.mark.parametrize(
    ("function", "kind"),
    [("wrong", "LookupError"), ("leaves", "NoAnswer"), ("odd", "TypeError"), ("missing", "AttributeError")],
)
def test_no_answer_is_raised_by_the_name_of_its_kind(grader: Grader, function: str, kind: str) -> None:
    with pytest.raises(Raised) as caught:
        grader.call("judged", function)
    assert caught.value.kind == kind


def test_what_hangs_is_ended(grader: Grader) -> None:
    grader.call_seconds = 0.5
    started = time.monotonic()
    with pytest.raises(Raised, match=r"Timeout: no end within 0\.5 s"):
        grader.call("judged", "hangs")
    assert time.monotonic() - started < 60


def test_a_program_gives_its_exit_code_and_output(grader: Grader) -> None:
    assert grader.run(["sh", "-c", "cat; exit 3"], "given") == (3, "given")


def test_scores_are_kept_and_are_numbers(grader: Grader) -> None:
    grader.score("found", 3)
    grader.score("found", 4)
    assert grader.scores == {"found": 4.0}
    with pytest.raises(ValueError, match="false_flags is nan"):
        grader.score("false_flags", float("nan"))


def test_what_is_called_finds_what_the_sandbox_lets_it_import(
    grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "provided.py").write_text("name = 'provided'")
    (tmp_path / "uses.py").write_text("import provided\ndef name(): return provided.name\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    assert grader.call("uses", "name") == "provided"
