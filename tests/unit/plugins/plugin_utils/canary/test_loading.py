# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A canary's folder is read into one value, and what is wrong with it is named with the remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from ansible_collections.local_llm.lab.plugins.plugin_utils.canary import (
    CanaryError,
    Generator,
    Package,
    find,
    load,
    names,
)

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

PACKAGE = {"name": "tinydb", "version": "4.8.2", "sha256": "0" * 64, "folder": "tinydb"}
MINE = {
    "name": "mine",
    "grade": 2,
    "repo": "../mine",
    "commit": "a" * 40,
    "prompt": "Do it.",
    "test_command": ["make", "test"],
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
        ({"duty": "reader"}, r"duty.*reader"),
        ({"hidden": {"tests": 0, "seconds": 60}}, r"hidden\.tests"),
        ({"solvable": False}, r"reference\.patch is a solution"),
        ({"generator": {"seed": 1}}, r"generator\.py is missing"),
        ({"package": PACKAGE | {"sha256": "abc"}}, r"package\.sha256"),
        ({"package": PACKAGE, "generator": {"seed": 1}}, "both a generator and a package"),
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


def test_a_canary_says_what_it_is_for_and_what_it_is_made_of(folder: Path) -> None:
    assert load(folder).duty == "builder"
    (folder / "canary.yml").write_text(yaml.safe_dump(HELLO | {"duty": "reviewer", "package": PACKAGE}))
    canary = load(folder)
    assert (canary.duty, canary.source, canary.toolchain) == ("reviewer", Package(**PACKAGE), False)


def test_a_seed_makes_another_canary_of_a_generated_one(folder: Path) -> None:
    (folder / "canary.yml").write_text(yaml.safe_dump(HELLO | {"generator": {"seed": 4}}))
    (folder / "generator.py").write_text("")
    found = {name: find(name, [folder.parent]) for name in ("hello", "hello@4", "hello@5")}
    assert {name: canary.source for name, canary in found.items()} == {
        "hello": Generator(4),
        "hello@4": Generator(4),
        "hello@5": Generator(5),
    }
    assert len({canary.digest for canary in found.values()}) == 3
    for name, canary in found.items():
        assert canary.name == name
        assert load(canary.path) == canary


@pytest.mark.parametrize("seed", ["", "x", "-1", "07", "1" * 19])
def test_what_is_no_seed_is_refused(folder: Path, seed: str) -> None:
    (folder / "canary.yml").write_text(yaml.safe_dump(HELLO | {"generator": {"seed": 4}}))
    (folder / "generator.py").write_text("")
    with pytest.raises(CanaryError, match=f"hello@{seed}: .* is no seed.*whole number"):
        find(f"hello@{seed}", [folder.parent])


def test_a_seed_on_what_is_not_generated_is_answered_with_the_name_to_use(folder: Path) -> None:
    (folder.parent / "mine.yml").write_text(yaml.safe_dump(MINE))
    for name in ("hello", "mine"):
        with pytest.raises(CanaryError, match=f"{name} is not generated.*Name it {name}"):
            find(f"{name}@3", [folder.parent])


def test_without_a_solution_there_need_be_no_hidden_tests(folder: Path) -> None:
    for name in ("reference", "hidden"):
        (folder / f"{name}.patch").unlink()
    (folder / "canary.yml").write_text(
        yaml.safe_dump(HELLO | {"solvable": False, "hidden": {"tests": 0, "seconds": 60}})
    )
    assert not load(folder).solvable


def test_a_file_that_names_a_repository_is_found_like_a_folder(folder: Path) -> None:
    path = folder.parent / "mine.yml"
    path.write_text(yaml.safe_dump(MINE))
    canary = find("mine", [folder.parent])
    assert load(canary.path, validate=False) == canary
    assert (canary.autonomy, canary.duty, canary.budgets.turns) == ("edit", "builder", 40)
    assert canary.source.url == str(folder.parent.parent / "mine")  # type: ignore[union-attr]
    assert list(names(folder.parent)) == ["hello", "mine"]
    path.write_text(yaml.safe_dump(MINE | {"budgets": {"turns": 7}}))
    changed = load(path)
    assert (changed.budgets.turns, changed.budgets.generated_tokens) == (7, canary.budgets.generated_tokens)
    assert changed.digest != canary.digest


@pytest.mark.parametrize("url", ["https://git.example.net/a/b.git", "file:///srv/b", "me@git.example.net:a/b"])
def test_a_url_stays_as_it_is(tmp_path: Path, url: str) -> None:
    (tmp_path / "mine.yml").write_text(yaml.safe_dump(MINE | {"repo": url}))
    assert load(tmp_path / "mine.yml").source.url == url  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"commit": "main"}, r"commit.*a branch would be another canary tomorrow"),
        ({"repo": "--upload-pack=x"}, "repo"),
        ({"tests": ["/etc"]}, "tests"),
        ({"tests": ["a", ":b"]}, "tests"),
        ({"tests_commit": "b" * 40}, "tests"),
        ({"hidden": {}}, "hidden"),
        ({"name": "yours"}, "not the file's"),
    ],
)
def test_what_is_wrong_in_a_file_that_names_a_repository_is_named(
    tmp_path: Path, change: dict[str, object], named: str
) -> None:
    (tmp_path / "mine.yml").write_text(yaml.safe_dump(MINE | change))
    with pytest.raises(CanaryError, match=named):
        load(tmp_path / "mine.yml")
