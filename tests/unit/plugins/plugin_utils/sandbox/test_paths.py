# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tool server makes of paths, however they are meant."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox.tool_server.files import Tree
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox.tool_server.paths import components
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox.tool_server.words import Refused

REFUSALS = 200


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A working tree beside a secret."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_text("secret")
    made = tmp_path / "workspace"
    (made / "src" / "deep").mkdir(parents=True)
    (made / ".git").mkdir()
    (made / ".git" / "config").write_text("data")
    (made / "src" / "file").write_text("ours")
    return made


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/etc/passwd", "leading slash"),
        ("../secret", "climb"),
        ("a/../../secret", "climb"),
        (".git/config", "not yours"),
        ("./.git", "not yours"),
        ("", "name of a file"),
        (None, "name of a file"),
        ("a\0b", "name of a file"),
    ],
)
def test_a_path_out_of_the_workspace_is_refused_with_the_reason(path: object, why: str, root: Path) -> None:
    with pytest.raises(Refused, match=why):
        Tree(str(root)).read(path)


@given(st.text(alphabet="ab./ \0\n", max_size=12))
def test_whatever_is_not_refused_is_in_the_workspace(path: str) -> None:
    try:
        parts = components(path)
    except Refused:
        return
    assert not {"", ".", ".."} & set(parts)
    assert parts[:1] != [".git"]


@pytest.mark.parametrize(
    ("link", "target", "path"),
    [
        ("link", "src/file", "link"),
        ("link", "src", "link/file"),
        ("src/deep/link", "../file", "src/deep/link"),
        ("src/deep/link", "../../src/./deep/../", "src/deep/link/file"),
    ],
)
def test_a_link_within_the_tree_is_followed(link: str, target: str, path: str, root: Path) -> None:
    (root / link).symlink_to(target)
    tree = Tree(str(root))
    assert tree.read(path)["content"] == "ours"
    assert tree.write(path, "new")["changed"]
    assert (root / "src" / "file").read_text() == "new"
    assert (root / link).is_symlink()


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("../secret", "link/file"),
        ("../secret/file", "link"),
        ("src/../../secret/file", "link"),
        ("link", "link"),
        ("/etc/passwd", "link"),
        ("../workspace/src/file", "link"),
    ],
)
def test_a_link_that_leads_out_is_refused(target: str, path: str, root: Path) -> None:
    (root / "link").symlink_to(target)
    tree = Tree(str(root))
    for call in (tree.read, tree.list):
        with pytest.raises(Refused, match="symbolic link"):
            call(path)
    with pytest.raises(Refused, match="symbolic link"):
        tree.write(path, "ours")
    assert (root.parent / "secret" / "file").read_text() == "secret"


def test_a_link_to_the_repository_s_own_data_is_refused(root: Path) -> None:
    (root / "src" / "link").symlink_to("../.git")
    tree = Tree(str(root))
    with pytest.raises(Refused, match="not yours"):
        tree.read("src/link/config")
    with pytest.raises(Refused, match="not yours"):
        tree.write("src/link/hooks/post-commit", "")
    assert not (root / ".git" / "hooks").exists()


SWAPPER = """
import ctypes, os, sys
os.chdir(sys.argv[1])
os.symlink("../secret", "link")
libc, here, exchange = ctypes.CDLL(None, use_errno=True), -100, 2
print("ready", flush=True)
while libc.renameat2(here, b"a", here, b"link", exchange) == 0:
    pass
"""


def test_a_link_swapped_in_meanwhile_leads_nowhere(root: Path) -> None:
    """Another process replaces a folder by a link to the secret, and back, while files are read and written in it."""
    (root / "a").mkdir()
    (root / "a" / "file").write_text("ours")
    tree, seen, refused = Tree(str(root)), set(), 0
    with subprocess.Popen([sys.executable, "-c", SWAPPER, str(root)], stdout=subprocess.PIPE, text=True) as swapper:
        try:
            assert swapper.stdout is not None
            assert swapper.stdout.readline() == "ready\n"
            while refused < REFUSALS or not seen:
                try:
                    seen.add(tree.read("a/file")["content"])
                    tree.write(f"a/file{refused % 7}", "ours")
                except (Refused, FileNotFoundError):
                    refused += 1
        finally:
            swapper.kill()
    assert seen == {"ours"}
    assert os.listdir(root.parent / "secret") == ["file"]
