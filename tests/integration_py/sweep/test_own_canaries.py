# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sweep over canaries of a user's own: from a generator and a seed, of a package, of a repository."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.local_llm.lab.tests.fakes import sample_canaries as sample

from .conftest import Folder


def own_canaries(folder: Folder, tmp_path: Path) -> None:
    root = tmp_path / "own"
    sample.write_generated(root)
    sample.write_package(root)
    sample.Theirs(tmp_path / "theirs").describe(root)
    folder.sweep |= {"canaries": ["made_up", "made_up@7", "tiny_exists", "mine"], "factors": {}}
    folder.host["lab_canary_folders"] = [str(root)]
    folder.write()


def test_own_canaries_are_made_ready_once_and_run_like_any_other(folder: Folder, tmp_path: Path) -> None:
    own_canaries(folder, tmp_path)
    code, output = folder.run()
    assert code == 0, output
    records = folder.records()
    assert len(records) == 12 + 3
    assert {(record["outcome"], record["error"]) for record in records} == {("failed", None)}
    assert {record["grade_reason"] for record in records} == {"nothing was pushed"}
    assert all(record["scores"] == {} for record in records)
    assert {row[0] for row in folder.rows("SELECT DISTINCT canary FROM trials")} == set(folder.sweep["canaries"])
    (toolchain,) = [path for path in (folder.home / "toolchain").iterdir() if not path.name.startswith(".")]
    assert (toolchain / "packages" / "tinydb-4.8.2").is_dir()


def test_to_look_first_builds_and_fetches_nothing(folder: Folder, tmp_path: Path) -> None:
    own_canaries(folder, tmp_path)
    code, output = folder.run("--check")
    assert code == 0, output
    assert "1 cells x 4 canaries x N = 3: 12 trials in 1 block" in output
    assert not folder.home.exists()


def test_what_is_wrong_with_a_canary_stops_the_sweep_before_anything_is_touched(folder: Folder, tmp_path: Path) -> None:
    own_canaries(folder, tmp_path)
    folder.sweep["canaries"] = ["tiny_exists@3"]
    folder.write()
    code, output = folder.run()
    assert code == 2
    assert "tiny_exists is not generated" in output and "Name it tiny_exists" in output
    assert not (folder.home / "toolchain").exists()
