# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model from a web server: gone on with, checked, in place in one step, and never a wrong one."""

from __future__ import annotations

import fcntl
import hashlib
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.gguf import download as room
from ansible_collections.local_llm.lab.plugins.module_utils.gguf.download import hub_url
from ansible_collections.local_llm.lab.plugins.module_utils.gguf.http import RangeIgnored, RemoteError
from ansible_collections.local_llm.lab.plugins.module_utils.gguf.provide import ProvideError, Wanted, provide
from ansible_collections.local_llm.lab.tests.fakes.range_server import RangeServer

CONTENT = random.Random(1).randbytes(300_000)
HALF = 150_000


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RangeServer]:
    monkeypatch.setattr(room, "PAUSE_SECONDS", 0.0)
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "m.gguf").write_bytes(CONTENT)
    with RangeServer(folder) as running:
        yield running


@pytest.fixture
def wanted(tmp_path: Path, server: RangeServer) -> Wanted:
    source = {"url": f"{server.base_url}/hub/org/m.gguf"}
    digest = hashlib.sha256(CONTENT).hexdigest()
    return Wanted(tmp_path / "models" / "m.gguf", digest, len(CONTENT), source, sys.executable)


def files(wanted: Wanted) -> set[str]:
    return {one.name for one in wanted.path.parent.iterdir()}


def begun(wanted: Wanted, content: bytes) -> None:
    wanted.path.parent.mkdir(exist_ok=True)
    (wanted.path.parent / ".m.gguf.fetched").write_bytes(content)


def test_fetched_once_checked_and_nothing_left_over(wanted: Wanted, server: RangeServer) -> None:
    assert provide(wanted, check=True)
    assert server.ranges == []
    assert provide(wanted)
    assert wanted.path.read_bytes() == CONTENT
    assert files(wanted) == {"m.gguf", ".m.gguf.checked.json"}
    assert not provide(wanted)
    assert len(server.ranges) == 1


def test_check_mode_reads_a_file_that_is_there_and_writes_nothing(wanted: Wanted) -> None:
    wanted.path.parent.mkdir()
    wanted.path.write_bytes(CONTENT)
    assert not provide(wanted, check=True)
    assert files(wanted) == {"m.gguf"}
    with pytest.raises(ProvideError, match="sha256"):
        provide(replace(wanted, sha256="ab" * 32), check=True)


@pytest.mark.parametrize("check", [False, True])
def test_what_cannot_be_read_where_the_file_is_to_be_is_told(wanted: Wanted, check: bool) -> None:
    wanted.path.mkdir(parents=True)
    with pytest.raises(ProvideError, match=r"m\.gguf cannot be read: Is a directory"):
        provide(wanted, check=check)


def test_a_connection_that_breaks_again_and_again_is_gone_on_with(wanted: Wanted, server: RangeServer) -> None:
    server.faults.add("cuts")
    provide(wanted)
    assert wanted.path.read_bytes() == CONTENT
    assert server.ranges == [f"bytes={begin}-" for begin in range(0, len(CONTENT), server.cut_bytes)]


def test_what_a_killed_fetch_left_is_gone_on_with(wanted: Wanted, server: RangeServer) -> None:
    begun(wanted, CONTENT[:HALF])
    provide(wanted)
    assert wanted.path.read_bytes() == CONTENT
    assert server.ranges == [f"bytes={HALF}-"]


@pytest.mark.parametrize("left", [b"x" * 400_000, CONTENT], ids=["too much", "all"])
def test_what_a_killed_fetch_left_may_be_too_much_or_all(wanted: Wanted, left: bytes) -> None:
    begun(wanted, left)
    provide(wanted)
    assert wanted.path.read_bytes() == CONTENT


def test_a_server_without_ranges_sends_it_from_the_beginning(wanted: Wanted, server: RangeServer) -> None:
    server.faults.add("ignores_range")
    begun(wanted, CONTENT[:HALF])
    provide(wanted)
    assert wanted.path.read_bytes() == CONTENT


def test_a_server_without_ranges_that_always_breaks_is_given_up(wanted: Wanted, server: RangeServer) -> None:
    server.faults |= {"ignores_range", "cuts"}
    with pytest.raises(RangeIgnored):
        provide(wanted)
    assert not wanted.path.exists()


def test_another_beginning_is_found_out_and_fetched_anew_the_next_time(wanted: Wanted) -> None:
    begun(wanted, b"x" * HALF)
    with pytest.raises(ProvideError, match="is wrong: expected"):
        provide(wanted)
    assert files(wanted) == set()
    provide(wanted)
    assert wanted.path.read_bytes() == CONTENT


def test_a_server_that_is_gone_leaves_what_there_is(wanted: Wanted, server: RangeServer) -> None:
    begun(wanted, CONTENT[:HALF])
    server.faults.add("cuts")
    server.cut_bytes = 0
    with pytest.raises(RemoteError, match=f"ended after {HALF} bytes of 300000"):
        provide(wanted)
    assert (wanted.path.parent / ".m.gguf.fetched").read_bytes() == CONTENT[:HALF]
    server.faults.clear()
    provide(wanted)
    assert wanted.path.read_bytes() == CONTENT


def test_a_page_instead_of_the_rest_leaves_what_there_is(wanted: Wanted, server: RangeServer) -> None:
    begun(wanted, CONTENT[:HALF])
    server.faults.add("asks_to_log_in")
    with pytest.raises(RemoteError, match=r"sends \d\d bytes instead of the rest"):
        provide(wanted)
    assert (wanted.path.parent / ".m.gguf.fetched").read_bytes() == CONTENT[:HALF]
    server.faults.clear()
    provide(wanted)
    assert server.ranges == [f"bytes={HALF}-"]


@pytest.mark.parametrize("fault", ["cuts", "drips"])
def test_a_server_that_sends_next_to_nothing_for_ever_is_given_up(
    wanted: Wanted, server: RangeServer, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "WINDOW_SECONDS", 0.1)
    monkeypatch.setattr(room, "LEAST_BYTES", 10_000)
    server.faults.add(fault)
    server.cut_bytes = 1
    with pytest.raises(RemoteError, match="sends less than 100 kB/s for a long time"):
        provide(wanted)
    left = (wanted.path.parent / ".m.gguf.fetched").read_bytes()
    assert left and left == CONTENT[: len(left)]


def test_another_size_than_the_catalogs_is_told_before_it_is_fetched(wanted: Wanted) -> None:
    with pytest.raises(RemoteError, match=r"has 300000 bytes, not 7.*size_bytes"):
        provide(replace(wanted, size_bytes=7))
    assert (wanted.path.parent / ".m.gguf.fetched").stat().st_size == 0


def test_without_room_nothing_is_asked_for(wanted: Wanted, server: RangeServer) -> None:
    with pytest.raises(ProvideError, match=r"m\.gguf needs \d+ bytes of disk"):
        provide(replace(wanted, size_bytes=1 << 60))
    assert server.ranges == []


def test_two_fetches_at_once_do_not_mix(wanted: Wanted) -> None:
    begun(wanted, b"")
    with (wanted.path.parent / ".m.gguf.fetched").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(RemoteError, match="by another process"):
            provide(wanted)
    provide(wanted)


def test_a_hubs_url_is_made_from_its_parts() -> None:
    template = "https://hub.example/{repo}/resolve/{revision}/{file}"
    assert hub_url(template, "a/b c", "sub/m.gguf", "v/1") == "https://hub.example/a/b%20c/resolve/v%2F1/sub/m.gguf"
    with pytest.raises(RemoteError, match="no URL template"):
        hub_url("https://hub.example/{nothing}", "a/b", "m.gguf", "main")
