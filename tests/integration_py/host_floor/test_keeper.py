# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper as a real process, over a really loaded model."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import processes
from ansible_collections.local_llm.lab.plugins.module_utils.keeper import (
    BelowFloor,
    KeeperBusy,
    KeeperError,
    Terms,
    hold,
    release,
    status,
)

HUGE = 1 << 60


def test_hold_renew_and_release(folder: str, terms: Terms, until: Callable[..., Any]) -> None:
    assert status(folder)["held"] is False
    changed, first = hold(folder, terms)
    assert changed and first["held"] and first["owner"] == terms.owner
    assert os.getsid(first["pid"]) == first["pid"], "it outlives who started it"
    changed, second = hold(folder, replace(terms, deadline_seconds=120))
    assert not changed
    assert second["pid"] == first["pid"] and second["deadline"] > first["deadline"]
    assert second["lowest_available_bytes"] > 0
    assert status(folder)["deadline"] == second["deadline"]
    assert release(folder, terms.owner)[0]
    assert release(folder, terms.owner)[0] is False
    assert status(folder)["held"] is False
    until(lambda: processes.started(first["pid"]) is None)


def test_another_owner_is_told_who_and_until_when(folder: str, terms: Terms) -> None:
    _unused, held = hold(folder, terms)
    other = replace(terms, owner="cron@elsewhere")
    with pytest.raises(KeeperBusy, match=f"nightly@controller .*until {held['deadline']}"):
        hold(folder, other)
    changed, seen = release(folder, other.owner)
    assert not changed and seen["owner"] == terms.owner, "nobody lets go what another holds"
    release(folder, terms.owner)
    assert hold(folder, other)[1]["owner"] == other.owner


def test_check_mode_tells_and_does_nothing(folder: str, terms: Terms) -> None:
    assert hold(folder, terms, check=True)[0]
    assert not Path(folder).exists()
    hold(folder, terms)
    assert not hold(folder, terms, check=True)[0]
    assert release(folder, terms.owner, check=True)[0]
    assert status(folder)["held"]
    with pytest.raises(KeeperBusy):
        hold(folder, replace(terms, owner="other"), check=True)


def test_past_the_deadline_the_model_is_unloaded_and_the_host_let_go(
    folder: str, terms: Terms, llama_server: Callable[..., Any], tiny_gguf: Path, until: Callable[..., Any]
) -> None:
    hold(folder, terms)
    engine = llama_server(tiny_gguf)
    hold(folder, replace(terms, deadline_seconds=1))
    until(lambda: not status(folder)["held"])
    breach = status(folder)["breach"]
    assert (breach["kind"], breach["unloaded"], breach["error"]) == ("deadline", ["tiny"], None)
    assert engine.loaded() == []
    assert hold(folder, replace(terms, owner="next"))[1]["breach"] is None, "not the next owner's business"


def test_below_the_floor_the_model_is_unloaded_and_the_owner_told_at_the_next_renewal(
    folder: str, terms: Terms, llama_server: Callable[..., Any], tiny_gguf: Path, until: Callable[..., Any]
) -> None:
    _unused, first = hold(folder, terms)
    engine = llama_server(tiny_gguf)
    hold(folder, replace(terms, floor_bytes=HUGE))
    until(lambda: not status(folder)["held"])
    assert engine.loaded() == []
    changed, renewed = hold(folder, terms)
    assert changed and renewed["held"] and renewed["pid"] != first["pid"]
    assert renewed["breach"]["kind"] == "floor"
    assert renewed["breach"]["available_bytes"] < HUGE == renewed["breach"]["floor_bytes"]
    assert hold(folder, terms)[1]["breach"] is None, "told once"


def test_a_host_that_is_below_the_floor_already_is_not_held(folder: str, terms: Terms) -> None:
    with pytest.raises(BelowFloor, match=r"below the floor of .* lab_floor_bytes"):
        hold(folder, replace(terms, floor_bytes=HUGE))
    assert status(folder)["held"] is False


def test_a_killed_keeper_leaves_the_host_free(folder: str, terms: Terms, until: Callable[..., Any]) -> None:
    _unused, held = hold(folder, terms)
    os.kill(held["pid"], signal.SIGKILL)
    until(lambda: not status(folder)["held"])
    assert status(folder)["owner"] is None
    changed, again = hold(folder, replace(terms, owner="other"))
    assert changed and again["owner"] == "other"


def test_a_keeper_that_hangs_is_named(folder: str, terms: Terms, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.local_llm.lab.plugins.module_utils.keeper import client

    _unused, held = hold(folder, terms)
    os.kill(held["pid"], signal.SIGSTOP)
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.2)
    with pytest.raises(KeeperError, match=f"process {held['pid']}.*does not answer.*kill -9 {held['pid']}"):
        hold(folder, terms)
    os.kill(held["pid"], signal.SIGCONT)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become another user")
def test_another_user_sees_the_holder_and_can_hold_afterwards(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = f"/tmp/lab-keeper-{os.getpid()}"
    terms = Terms("roots", 60, 0, "llama_cpp", "http://127.0.0.1:9", {"python": "x", "state_dir": "/nowhere"})
    nobody = 65534
    reader, writer = os.pipe()

    def as_nobody(action: Callable[[], str]) -> str:
        """Run this in a child of another user and return what it says."""
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setresgid(nobody, nobody, nobody)
                os.setresuid(nobody, nobody, nobody)
                answer = action()
            except Exception as error:
                answer = f"{type(error).__name__}: {error}"
            os.write(writer, answer.encode())
            os._exit(0)
        os.waitpid(child, 0)
        return os.read(reader, 4096).decode()

    try:
        hold(folder, terms)
        assert as_nobody(lambda: str(status(folder)["owner"])) == "roots"
        assert "KeeperBusy" in as_nobody(lambda: str(hold(folder, replace(terms, owner="theirs"))))
        assert "as another user (uid 0)" in as_nobody(lambda: str(hold(folder, terms)))
        release(folder, "roots")
        # The interpreter of a checkout in root's home is out of another user's reach: the system's own will do.
        python = next((one for one in ("/usr/bin/python3",) if os.access(one, os.X_OK)), None)
        if python is None:
            pytest.skip("no system Python")

        def take() -> str:
            sys.executable = python
            return str(hold(folder, replace(terms, owner="theirs"))[1]["owner"])

        assert as_nobody(take) == "theirs"
        with pytest.raises(KeeperBusy, match="theirs"):
            hold(folder, terms)
        assert status(folder)["owner"] == "theirs", "root sees another user's keeper"
        assert release(folder, "theirs")[0], "and may let it go"
        assert hold(folder, terms)[1]["owner"] == "roots"
    finally:
        with contextlib.suppress(KeeperError):
            release(folder, "roots")
            release(folder, "theirs")
        subprocess.run(["rm", "-rf", folder], check=False)
