# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab replay`: which transcript it shows, and what of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.cli.main import main
from ansible_collections.local_llm.lab.plugins.plugin_utils.cli.replay_view import cut, lines

EVENTS: list[dict[str, Any]] = [
    {"event": "opening", "turn": 0, "messages": [{"role": "user", "content": "Do it."}], "tools": []},
    {"event": "user", "turn": 1, "content": "You called no tool."},
    {"event": "user", "turn": 2, "content": "Again."},
    {"event": "verdict", "record": {"outcome": "void", "ceiling": None, "detail": "engine_error"}},
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A lab with three trials, one of them tried twice."""
    for name in ("7/aaaa1111/1", "7/aaaa2222/1", "8/bbbb3333/1", "8/bbbb3333/2"):
        folder = tmp_path / "trials" / name
        folder.mkdir(parents=True)
        told = [{"event": "trial", "trial": name}, *EVENTS]
        (folder / "transcript.jsonl").write_text("".join(json.dumps(event) + "\n" for event in told))
    return tmp_path


def replay(home: Path, *words: str) -> int:
    return main(["replay", "--home", str(home), *words])


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["aaaa1111"], "7/aaaa1111/1"),
        (["b"], "8/bbbb3333/2"),
        (["bbbb3333", "--attempt", "1"], "8/bbbb3333/1"),
    ],
)
def test_a_trial_is_named_by_its_id_or_the_beginning_of_it(
    home: Path, words: list[str], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay(home, *words, "--json") == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told == [{"event": "trial", "trial": shown}, *EVENTS]


def test_of_several_attempts_the_last_is_shown_and_the_others_are_named(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay(home, "bbbb") == 0
    assert "attempt 2 of 1, 2" in capsys.readouterr().err


def test_a_transcript_is_named_by_its_path(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = home / "trials" / "7" / "aaaa2222" / "1"
    for path in (folder, folder / "transcript.jsonl"):
        assert main(["replay", str(path)]) == 0
        assert "7/aaaa2222/1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["aaaa1121"], ["no trial 'aaaa1121'", "near it: aaaa1111"]),
        (["aaaa"], ["2 trials begin with aaaa", "aaaa1111, aaaa2222"]),
        (["bbbb", "--attempt", "3"], ["no attempt 3", "1, 2"]),
        (["aaaa1111", "--turn", "9"], ["no turn 9", "its last is 2"]),
        (["aaaa1111", "--sent", "9"], ["no turn 9", "its last is 2"]),
    ],
)
def test_an_error_says_what_there_is_instead(
    home: Path, words: list[str], says: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay(home, *words) == 1
    said = capsys.readouterr().err
    assert all(part in said for part in [*says, "Remedy"]), said


def test_without_a_lab_the_error_names_the_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay(tmp_path / "nowhere", "aaaa") == 1
    assert "--home" in capsys.readouterr().err


def test_a_trial_killed_before_its_first_turn_has_nothing_to_show(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "trials" / "8" / "cccc" / "1").mkdir(parents=True)
    assert replay(home, "cccc") == 1
    assert "no transcript" in capsys.readouterr().err


def test_one_turn_alone_and_what_its_call_was_made_with(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay(home, "aaaa1111", "--turn", "2") == 0
    assert capsys.readouterr().out == "user: Again.\n"
    assert replay(home, "aaaa1111", "--sent", "2") == 0
    assert json.loads(capsys.readouterr().out) == [
        {"role": "user", "content": "Do it."},
        {"role": "user", "content": "You called no tool."},
    ]


def test_a_transcript_cut_in_a_line_is_shown_up_to_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "trials" / "7" / "aaaa1111" / "1" / "transcript.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert replay(home, "aaaa1111") == 0
    said = capsys.readouterr()
    assert "user: Again." in said.out and "verdict" not in said.out
    assert "breaks off in line 5" in said.err


def test_a_transcript_without_a_verdict_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "trials" / "7" / "aaaa1111" / "1" / "transcript.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    assert replay(home, "aaaa1111") == 0
    assert "still running, or was killed" in capsys.readouterr().err


@pytest.mark.parametrize("event", [{"event": "omen", "sign": "owl"}, {"event": "model", "turn": 1, "sign": "owl"}])
def test_an_event_of_another_version_is_shown_as_it_is(event: dict[str, Any]) -> None:
    shown = "\n".join(text for text, _style in lines(event))
    assert event["event"] in shown and '"sign": "owl"' in shown


def test_what_a_model_wrote_does_not_steer_the_terminal() -> None:
    ((shown, _style),) = lines({"event": "user", "content": "\x1b]0;mine\x07\ud800 [bold]\u202e\r\nok"})
    assert shown == "user: \ufffd]0;mine\ufffd\ufffd [bold]\ufffd\nok"


def test_long_output_is_shown_without_its_middle() -> None:
    shown = cut("\n".join(f"line {number}" for number in range(1000)))
    assert shown.startswith("line 0\n") and shown.endswith("\nline 999") and "976 lines not shown" in shown
    assert "8000 characters not shown" in cut("x" * 10_000)
