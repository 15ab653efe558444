# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a host alive and in one pair of hands, on the real engine and with real processes."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import processes
from ansible_collections.local_llm.lab.plugins.module_utils.engines import LoadRequest, connect
from ansible_collections.local_llm.lab.plugins.module_utils.keeper import KeeperBusy, Terms, hold, release, status

HUGE = 1 << 60
ROUNDS = 50
MODEL_MODULE = "ansible_collections.local_llm.lab.plugins.modules.model"
CONTROLLER = """
import json, sys
from ansible_collections.local_llm.lab.plugins.module_utils.engines import LoadRequest, connect
from ansible_collections.local_llm.lab.plugins.module_utils.keeper import Terms, hold
asked = json.loads(sys.stdin.readline())
terms = Terms(**asked["terms"])
hold(asked["folder"], terms)
if asked["path"]:
    engine = connect(terms.engine, terms.base_url, terms.engine_options)
    engine.load(LoadRequest("tiny", asked["path"], 1024), 60)
print("up", flush=True)
sys.stdin.read()
"""


def controller_killed(folder: str, terms: Terms, path: str = "") -> None:
    """A controller that holds the host, loads this file if there is one, and is ended by kill -9."""
    with subprocess.Popen(
        [sys.executable, "-c", CONTROLLER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps({"folder": folder, "terms": asdict(terms), "path": path}) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "up\n"
        process.kill()


def test_after_kill_9_the_owner_comes_back_at_once_and_another_only_after_the_deadline(
    folder: str, terms: Terms, llama_cpp: Any, tiny_gguf: Path, until: Callable[..., Any]
) -> None:
    controller_killed(folder, terms, str(tiny_gguf))
    held = status(folder)
    other = replace(terms, owner="cron@elsewhere")
    with pytest.raises(KeeperBusy, match=f"nightly@controller since {held['since']} until {held['deadline']}"):
        hold(folder, other)
    changed, again = hold(folder, terms)
    assert not changed and again["pid"] == held["pid"]
    assert [one.id for one in llama_cpp.loaded()] == ["tiny"], "and finds its model as it left it"

    controller_killed(folder, replace(terms, deadline_seconds=1))  # now no controller is alive
    until(lambda: not status(folder)["held"])
    breach = status(folder)["breach"]
    assert (breach["kind"], breach["unloaded"], breach["killed"]) == ("deadline", ["tiny"], [])
    assert llama_cpp.loaded() == []
    assert hold(folder, other)[1]["owner"] == other.owner


def race(folder: str, terms: Terms, barrier: Any, answers: Any) -> None:
    """One of two controllers: in every round both want the host at the same moment."""
    for number in range(ROUNDS):
        barrier.wait(60)
        try:
            hold(folder, terms)
            said = None
        except KeeperBusy as error:
            said = str(error)
        answers.put((number, terms.owner, said))
        barrier.wait(60)
        if said is None:
            release(folder, terms.owner)


def test_of_two_controllers_at_the_same_moment_one_gets_the_host_and_the_other_is_told_who(
    folder: str, terms: Terms
) -> None:
    context = multiprocessing.get_context("spawn")
    answers, barrier = context.Queue(), context.Barrier(2)
    owners = ("nightly@one", "nightly@two")
    racers = [
        context.Process(target=race, args=(folder, replace(terms, owner=owner), barrier, answers)) for owner in owners
    ]
    for racer in racers:
        racer.start()
    told = [answers.get(timeout=100) for _unused in range(2 * ROUNDS)]
    for racer in racers:
        racer.join()
    for number in range(ROUNDS):
        said = {owner: message for at, owner, message in told if at == number}
        winners = [owner for owner, message in said.items() if message is None]
        assert len(winners) == 1, said
        (loser,) = set(owners) - set(winners)
        assert f"held by {winners[0]} since" in said[loser], said


@pytest.fixture
def stuck_in_load(llama_cpp: Any, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Options of an engine whose program has started and never gets to its model."""
    never = tmp_path / "never"
    os.mkfifo(never)
    python = tmp_path / "slow_python"
    python.write_text(f'#!/bin/sh\n[ "$2" = -c ] || read -r _unused < {never}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return {**llama_cpp.options, "python": str(python)}


def test_a_floor_broken_during_a_load_fails_the_load_and_leaves_nothing_loaded(
    folder: str, terms: Terms, llama_cpp: Any, tiny_gguf: Path, stuck_in_load: dict[str, Any], until: Callable[..., Any]
) -> None:
    terms = replace(terms, engine_options=stuck_in_load, loading=True)
    assert hold(folder, terms)[1]["loading"]
    asked = {"engine": "llama_cpp", "base_url": terms.base_url, "engine_options": stuck_in_load, "name": "tiny"}
    asked |= {"path": str(tiny_gguf), "context_tokens": 1024, "timeout_seconds": 100}
    with subprocess.Popen(
        [sys.executable, "-m", MODEL_MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as module:
        assert module.stdin is not None
        module.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": asked}))
        module.stdin.close()
        module.stdin = None
        until(llama_cpp.loaded)
        hold(folder, replace(terms, floor_bytes=HUGE))
        said = json.loads(module.communicate(timeout=60)[0])
    assert said["failed"] and "while loading" in said["msg"]
    until(lambda: not status(folder)["held"])
    breach = status(folder)["breach"]
    assert (breach["kind"], breach["unloaded"]) == ("floor", ["tiny"])
    assert breach["available_bytes"] < breach["floor_bytes"] == HUGE
    assert llama_cpp.loaded() == []


@pytest.fixture
def named_python(tmp_path: Path) -> Path:
    """This interpreter with its packages, under a program's name that nothing else on this machine has."""
    folder = tmp_path / "engine"
    venv.create(folder, symlinks=True)
    name = f"engine-{os.getpid()}"
    python = Path(shutil.copy(folder / "bin" / "python", folder / "bin" / name, follow_symlinks=False))
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "all.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_a_hung_engine_that_cannot_be_unloaded_is_killed_by_name_at_the_deadline(
    folder: str, terms: Terms, named_python: Path, tiny_gguf: Path, until: Callable[..., Any]
) -> None:
    engine = connect("llama_cpp", terms.base_url, {**terms.engine_options, "python": str(named_python)})
    engine.load(LoadRequest("tiny", str(tiny_gguf), 1024), timeout_seconds=60)
    ((pid, since, name),) = processes.named((named_python.name,))
    os.kill(pid, signal.SIGSTOP)
    # What the keeper was told of the engine does not let it reach it: the name is all it has.
    unreachable = {"processes": [name]}
    hold(folder, replace(terms, engine_options=unreachable, deadline_seconds=1))
    until(lambda: not status(folder)["held"])
    breach = status(folder)["breach"]
    assert (breach["kind"], breach["unloaded"]) == ("deadline", [])
    assert breach["killed"] == [f"{name} (process {pid})"]
    assert breach["error"]
    assert not processes.is_alive(pid, since)
    assert engine.loaded() == []


def test_the_page_cache_is_given_back_only_during_a_load_and_only_where_that_was_asked_for(
    folder: str, terms: Terms, until: Callable[..., Any]
) -> None:
    _unused, held = hold(folder, replace(terms, loading=True))
    hold(folder, replace(terms, reclaim={"min_free_bytes": HUGE}))
    now = hold(folder, replace(terms, reclaim={"min_free_bytes": HUGE}, loading=True))[1]
    assert (now["pid"], now["reclaims"], now["reclaim_error"]) == (held["pid"], 0, None), "until now nobody asked"
    now = until(lambda: _reclaimed(status(folder)))
    if os.access("/proc/sys/vm/drop_caches", os.W_OK):
        assert now["reclaims"] >= 1
    else:
        assert now["reclaims"] == 0 and "drop_caches" in now["reclaim_error"]


def _reclaimed(now: dict[str, Any]) -> dict[str, Any] | None:
    return now if now["reclaims"] or now["reclaim_error"] else None
