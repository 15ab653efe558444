# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tool server makes of paths and of long output, and where it refuses to run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import tool_server
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox.tool_server import Output, Refused, confine, cut


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
def test_a_path_out_of_the_workspace_is_refused_with_the_reason(path: object, why: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=why):
        confine(path, str(tmp_path))


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "workspace"
    inside.mkdir()
    (inside / "out").symlink_to(tmp_path)
    with pytest.raises(Refused, match="symbolic link"):
        confine("out/file", str(inside))


@given(st.text(alphabet="ab./ \0\n", max_size=12))
def test_whatever_is_not_refused_is_in_the_workspace(path: str) -> None:
    root = "/nowhere/workspace"
    try:
        full = confine(path, root)
    except Refused:
        return
    assert full == root or full.startswith(root + "/")
    assert os.path.relpath(full, root).split("/")[0] != ".git"


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


def test_it_refuses_to_run_where_it_is_not_the_first_process() -> None:
    """It kills every process it can see; on a host, that would be everything."""
    result = subprocess.run([sys.executable, tool_server.__file__, "{}"], capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "first process of a sandbox" in result.stderr
