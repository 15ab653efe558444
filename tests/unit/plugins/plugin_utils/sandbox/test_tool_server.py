# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tools of the tool server do to a tree and to long output, and where it refuses to run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import inside
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox.spec import Limits
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox.tool_server.commands import Output
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox.tool_server.files import Tree
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox.tool_server.searching import search
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox.tool_server.words import Refused, cut


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "one.py").write_text("def one():\n    return 1  # (sic\n")
    (tmp_path / "two.txt").write_text("line\n" * 300)
    (tmp_path / "binary").write_bytes(b"line\0")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("line\n")
    return Tree(str(tmp_path))


@given(st.text(max_size=300), st.integers(20, 200))
def test_cut_keeps_both_ends_and_says_how_much_is_gone(text: str, max_chars: int) -> None:
    shown = cut(text, max_chars)
    if len(text) <= max_chars:
        assert shown == text
    else:
        half = max_chars // 2
        assert shown.startswith(text[:half])
        assert shown.endswith(text[-half:])
        assert f"[... {len(text) - 2 * half} characters cut ...]" in shown


@given(st.lists(st.binary(max_size=60), max_size=12), st.integers(20, 100).map(lambda half: 2 * half))
def test_output_in_pieces_reads_as_in_one(pieces: list[bytes], max_chars: int) -> None:
    data = bytes(byte & 127 for byte in b"".join(pieces))
    output, start = Output(max_chars), 0
    for piece in pieces:
        output.add(data[start : start + len(piece)])
        start += len(piece)
    assert output.text() == cut(data.decode(), max_chars)


def test_whether_a_file_was_changed_is_said(tree: Tree) -> None:
    assert tree.write("new", "") == {"bytes": 0, "changed": True}
    assert tree.write("new", "") == {"bytes": 0, "changed": False}
    assert tree.write("two.txt", "shorter")["changed"]
    assert tree.read("two.txt")["content"] == "shorter"
    assert not tree.edit("two.txt", "short", "short")["changed"]
    assert tree.edit("two.txt", "short", "long")["changed"]


def test_the_digest_changes_with_the_tree_alone(tree: Tree, tmp_path: Path) -> None:
    seen = [tree.digest()]
    tree.write("two.txt", "line\n" * 300)
    (tmp_path / ".git" / "config").write_text("other\n")
    assert tree.digest() == seen[0]
    steps = [
        lambda: tree.write("two.txt", "line\n" * 299),
        lambda: tree.write("src/new", ""),
        lambda: os.symlink("src", tmp_path / "link"),
        lambda: (os.unlink(tmp_path / "link"), os.symlink("two.txt", tmp_path / "link")),
        lambda: (tmp_path / "binary").chmod(0o755),
        (tmp_path / "binary").unlink,
        (tmp_path / "empty").mkdir,
    ]
    for step in steps:
        step()
        seen.append(tree.digest())
    assert len({str(digest) for digest in seen}) == len(seen)


def test_back_to_what_it_was_is_back_to_its_digest(tree: Tree, tmp_path: Path) -> None:
    before, text = tree.digest(), tree.read("two.txt")["content"]
    tree.write("two.txt", "other")
    assert tree.digest() != before
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "made.pyc").write_text("by running it")
    tree.write("two.txt", text)
    assert tree.digest() == before


def test_a_search_gives_lines_with_their_places(tree: Tree) -> None:
    assert search(tree, r"def \w+") == {"matches": ["src/one.py:1: def one():"], "plain": False}
    assert search(tree, "return", "src")["matches"] == ["src/one.py:2:     return 1  # (sic"]
    assert search(tree, "(sic", "src/one.py") == {"matches": ["src/one.py:2:     return 1  # (sic"], "plain": True}
    assert search(tree, "nowhere") == {"matches": [], "plain": False}


def test_a_search_is_bounded_and_passes_over_what_is_no_text(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("line" + "x" * 5000)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "out").symlink_to("/etc/passwd")
    matches = search(tree, "line|root")["matches"]
    assert isinstance(matches, list)
    assert len(matches) == 201
    assert matches[-1] == "[... more than 200 matches, search a folder or a file ...]"
    assert len(matches[0]) < 300
    assert "cut" in matches[0]
    assert {match.partition(":")[0] for match in matches[:-1]} == {"a", "two.txt"}
    for path in ("none", "two.txt/none"):
        with pytest.raises(Refused, match="no such file or folder"):
            search(tree, "line", path)
    with pytest.raises(Refused, match="leading slash"):
        search(tree, "line", "/etc")
    with pytest.raises(Refused, match="pattern must be"):
        search(tree, "")


def test_a_pattern_that_never_ends_is_ended(tree: Tree) -> None:
    tree.write("evil", "a" * 200)
    with pytest.raises(Refused, match=r"took longer than 0\.3 s"):
        search(tree, "(a+)+b", "evil", seconds=0.3)
    assert search(tree, "a{200}")["matches"]


def test_it_refuses_to_run_where_it_is_not_the_first_process() -> None:
    """It kills every process it can see; on a host, that would be everything."""
    command = inside.server(sys.executable, Limits(), count_processes_by_user=True)
    place = str(inside.TOOL_SERVER_SOURCE.parent)
    command = [word.replace(str(Path(inside.TOOL_SERVER).parent), place) for word in command]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "first process of a sandbox" in result.stderr
