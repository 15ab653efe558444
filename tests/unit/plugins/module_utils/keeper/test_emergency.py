# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emptying a host whose engine does not unload: a real process takes the engine's place and is killed by its name."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import engines
from ansible_collections.local_llm.lab.plugins.module_utils.engines import EngineUnreachable, Instance
from ansible_collections.local_llm.lab.plugins.module_utils.keeper import emergency

WAIT = "print('up', flush=True); import sys; sys.stdin.read()"


class Hanging:
    """An engine whose answer never comes, or never is one."""

    def __init__(self, _base_url: str, options: dict[str, Any]) -> None:
        self.options = options
        self.processes: tuple[str, ...] = options.get("own", ())
        self.owns_processes: bool = options.get("owns_processes", False)

    def unload_all(self) -> list[Instance]:
        if self.options.get("hangs"):
            time.sleep(60)
        if self.options.get("fails"):
            raise EngineUnreachable("it does not answer.", "look")
        listed: list[str] = self.options.get("listed", ["one"])
        return [Instance(name, name, "", 0, 0, None, None) for name in listed]


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engines.ENGINES, "hanging", Hanging)
    monkeypatch.setattr(emergency, "PAUSE_SECONDS", 0.01)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    script = tmp_path / f"engine-{os.getpid()}.py"
    script.write_text(WAIT)
    with subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"up\n"
        yield process
        process.kill()


def empty(is_short: Callable[[], bool] | None = None, loading: bool = False, **options: Any) -> dict[str, Any]:
    return emergency.empty("hanging", "http://127.0.0.1:9", options, is_short, loading)


def name_of(program: subprocess.Popen[bytes]) -> str:
    return Path(str(program.args[1])).name  # type: ignore[index]


def test_an_engine_that_unloads_is_left_alive(program: subprocess.Popen[bytes]) -> None:
    assert empty(processes=[name_of(program)]) == {"unloaded": ["one"], "killed": [], "error": None}
    assert program.poll() is None


@pytest.mark.parametrize("named_by", ["processes", "own"])
def test_an_engine_that_fails_is_killed_by_name(program: subprocess.Popen[bytes], named_by: str) -> None:
    name = name_of(program)
    outcome = empty(fails=True, **{named_by: (name,)})
    assert outcome["killed"] == [f"{name} (process {program.pid})"]
    assert "does not answer" in outcome["error"]
    assert program.wait(timeout=10) != 0


def test_one_name_is_a_name_and_not_its_letters(program: subprocess.Popen[bytes]) -> None:
    outcome = empty(fails=True, processes=name_of(program))
    assert outcome["killed"] == [f"{name_of(program)} (process {program.pid})"]


def test_an_engine_that_hangs_is_killed_by_name(
    program: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emergency, "UNLOAD_SECONDS", 0.1)
    outcome = empty(hangs=True, processes=[name_of(program)])
    assert outcome["killed"] and "had not unloaded after 0.1 s" in outcome["error"]
    assert program.wait(timeout=10) != 0


def test_without_a_name_nobody_is_killed(program: subprocess.Popen[bytes]) -> None:
    outcome = empty(fails=True)
    assert (outcome["unloaded"], outcome["killed"]) == ([], [])
    assert program.poll() is None


def test_a_load_that_is_not_listed_and_keeps_the_memory_short_is_killed(
    program: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emergency, "LATE_LOAD_SECONDS", 0.1)
    outcome = empty(is_short=lambda: True, loading=True, listed=[], processes=[name_of(program)])
    assert outcome["killed"] and "says nothing" in outcome["error"]
    assert program.wait(timeout=10) != 0


def test_an_engine_that_keeps_the_memory_of_what_it_unloaded_is_killed(
    program: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emergency, "LATE_LOAD_SECONDS", 0.1)
    outcome = empty(is_short=lambda: True, processes=[name_of(program)])
    assert (outcome["unloaded"], len(outcome["killed"])) == (["one"], 1)
    assert "says that it is unloaded" in outcome["error"]
    assert program.wait(timeout=10) != 0


@pytest.mark.parametrize("listed", [[], ["one"]])
def test_what_is_gone_by_its_id_is_not_looked_for_by_name(program: subprocess.Popen[bytes], listed: list[str]) -> None:
    outcome = empty(
        is_short=lambda: True, loading=True, listed=listed, owns_processes=True, processes=[name_of(program)]
    )
    assert outcome == {"unloaded": listed, "killed": [], "error": None}
    assert program.poll() is None


def test_an_engine_that_had_nothing_is_not_to_blame(program: subprocess.Popen[bytes]) -> None:
    outcome = empty(is_short=lambda: True, listed=[], processes=[name_of(program)])
    assert outcome == {"unloaded": [], "killed": [], "error": None}
    assert program.poll() is None


def test_a_load_that_is_listed_late_is_unloaded(program: subprocess.Popen[bytes]) -> None:
    listed: list[str] = []

    def short() -> bool:
        listed.append("late")
        return len(listed) == 1

    outcome = empty(is_short=short, loading=True, listed=listed, processes=[name_of(program)])
    assert outcome == {"unloaded": ["late"], "killed": [], "error": None}
    assert program.poll() is None


def test_an_idle_engine_lives_once_the_memory_is_back(program: subprocess.Popen[bytes]) -> None:
    answers = iter([True, True, False])
    outcome = empty(is_short=lambda: next(answers), loading=True, listed=[], processes=[name_of(program)])
    assert outcome == {"unloaded": [], "killed": [], "error": None}
    assert program.poll() is None


def test_an_engine_that_cannot_even_be_made_is_told() -> None:
    outcome = emergency.empty("nonsense", "", {})
    assert "There is no engine 'nonsense'" in outcome["error"]
