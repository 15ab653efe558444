# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A canary's folder is read into one value, and what is wrong with it is named with the remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from ansible_collections.local_llm.lab.plugins.plugin_utils.canary import CanaryError, find, load

HELLO = {
    "name": "hello",
    "grade": 0,
    "prompt": "Create hello.txt.",
    "autonomy": "write",
    "budgets": {
        "turns": 6,
        "generated_tokens": 900,
        "completion_tokens": 160,
        "wall_clock_seconds": 120,
        "command_seconds": 20,
    },
    "test_command": ["true"],
    "hidden": {"tests": 1, "seconds": 60},
    "solvable": True,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "hello"
    (made / "cheats").mkdir(parents=True)
    (made / "canary.yml").write_text(yaml.safe_dump(HELLO))
    for name in ("start", "hidden", "reference", "cheats/one"):
        (made / f"{name}.patch").write_text(name)
    return made


def test_a_canary_is_read_whole(folder: Path) -> None:
    canary = find("hello", [folder.parent])
    assert (canary.name, canary.grade, canary.autonomy, canary.prompt) == ("hello", 0, "write", "Create hello.txt.")
    assert canary.budgets.as_dict() == HELLO["budgets"]
    assert load(folder, validate=False) == canary


def test_the_digest_changes_with_every_file_and_with_nothing_else(folder: Path) -> None:
    digest = load(folder).digest
    shutil.copytree(folder, folder.parent / "copy" / "hello")
    assert load(folder.parent / "copy" / "hello").digest == digest
    digests = {digest}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        digests.add(load(folder).digest)
        path.write_bytes(before)
    assert len(digests) == 6
    assert load(folder).digest == digest


def test_an_unknown_name_is_answered_with_the_near_ones(folder: Path) -> None:
    with pytest.raises(CanaryError, match=r"no canary named helo.*Did you mean hello"):
        find("helo", [folder.parent])
    with pytest.raises(CanaryError, match="Known are: hello"):
        find("sums", [folder.parent])
    with pytest.raises(CanaryError, match=r"no canary named \.\./hello"):
        find("../hello", [folder])
    with pytest.raises(CanaryError, match="Known are: none"):
        find("hello", [folder])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"turns": 5}, "turns"),
        ({"autonomy": "shell"}, r"autonomy.*shell"),
        ({"grade": 9}, r"grade.*9"),
        ({"budgets": HELLO["budgets"] | {"turns": 0}}, r"budgets\.turns"),
        ({"name": "other"}, "not the folder's"),
    ],
)
def test_what_is_wrong_in_canary_yml_is_named(folder: Path, change: dict[str, object], named: str) -> None:
    (folder / "canary.yml").write_text(yaml.safe_dump(HELLO | change))
    with pytest.raises(CanaryError, match=named) as error:
        load(folder)
    assert str(folder) in error.value.message


def test_a_missing_patch_and_broken_yaml_are_named(folder: Path) -> None:
    (folder / "hidden.patch").unlink()
    with pytest.raises(CanaryError, match=r"hidden\.patch is missing"):
        load(folder)
    (folder / "canary.yml").write_text("name: [")
    with pytest.raises(CanaryError, match="not YAML"):
        load(folder)
