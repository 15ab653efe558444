# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes that were read once are kept, and never taken for those of another file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.steps.catalog import catalog_shapes

SHAPE = {"architecture": "llama", "total_parameters": 7, "layers": []}
HUB = "https://hub.example.net/{repo}/resolve/{revision}/{file}"
CATALOG = f"""\
models:
  tiny:
    file: tiny.gguf
    sha256: {"ab" * 32}
    size_bytes: 100
    source: {{path: /models/tiny.gguf}}
  far:
    cloud: {{id: far-2026-01-01, context_tokens: 1000}}
"""


@pytest.fixture
def arguments(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "catalog.yml").write_text(CATALOG)
    return {"catalog": str(tmp_path / "catalog.yml"), "lab_home": str(tmp_path / "lab"), "hub_url": HUB}


def result(arguments: dict[str, Any], **told: Any) -> dict[str, Any]:
    """What a loop registers of one gguf_info."""
    (model,) = catalog_shapes(**arguments, read=[], write=False)["without_shape"]
    read = {"files": 1, "size_bytes": 100, "claimed_sha256": None, "shape": SHAPE}
    return {"ansible_loop_var": "lab_model", "lab_model": model} | read | told


@pytest.mark.parametrize("claimed_sha256", [None, "ab" * 32])
def test_a_shape_that_was_read_is_kept_for_the_next_time(arguments: dict[str, Any], claimed_sha256: str | None) -> None:
    read = [result(arguments, claimed_sha256=claimed_sha256)]
    first = catalog_shapes(**arguments, read=read, write=True)
    assert first["changed"] and first["models"][0]["shape"] == SHAPE and first["without_shape"] == []
    again = catalog_shapes(**arguments, read=[], write=True)
    assert not again["changed"] and again["models"] == first["models"]


def test_check_mode_knows_the_shape_and_keeps_nothing(arguments: dict[str, Any]) -> None:
    looked = catalog_shapes(**arguments, read=[result(arguments)], write=False)
    assert looked["changed"] and looked["models"][0]["shape"] == SHAPE
    assert not Path(arguments["lab_home"]).exists()


@pytest.mark.parametrize(
    "told",
    [
        {"size_bytes": 99},
        {"claimed_sha256": "cd" * 32},
        {"claimed_sha256": "cd" * 32, "files": 2, "size_bytes": 200},
        {"failed": True, "msg": "no such file"},
    ],
)
def test_another_file_or_none_gives_no_shape(arguments: dict[str, Any], told: dict[str, Any]) -> None:
    read = result(arguments, **told)
    if "failed" in told:
        del read["shape"]
    looked = catalog_shapes(**arguments, read=[read], write=True)
    assert not looked["changed"] and looked["without_shape"][0]["name"] == "tiny"


def test_what_is_kept_belongs_to_the_file_s_sha256(arguments: dict[str, Any]) -> None:
    catalog_shapes(**arguments, read=[result(arguments)], write=True)
    Path(arguments["catalog"]).write_text(CATALOG.replace("ab" * 32, "cd" * 32))
    assert catalog_shapes(**arguments, read=[], write=True)["models"][0]["shape"] is None


@pytest.mark.parametrize(
    "source, url",
    [
        ("{path: /models/tiny.gguf}", None),
        ("{url: 'https://example.net/tiny.gguf'}", "https://example.net/tiny.gguf"),
        ("{hub: {repo: org/tiny, file: Q4/tiny.gguf}}", "https://hub.example.net/org/tiny/resolve/main/Q4/tiny.gguf"),
        ("{hub: {repo: o/t, file: t.gguf, revision: v2}}", "https://hub.example.net/o/t/resolve/v2/t.gguf"),
    ],
)
def test_a_model_without_shape_says_where_its_header_can_be_read(
    arguments: dict[str, Any], source: str, url: str | None
) -> None:
    Path(arguments["catalog"]).write_text(CATALOG.replace("{path: /models/tiny.gguf}", source))
    assert catalog_shapes(**arguments, read=[], write=False)["without_shape"][0]["url"] == url
