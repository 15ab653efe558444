# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small sweep and catalog that are right, for each test to spoil in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SWEEP = """\
name: nightly
models: [tiny]
canaries: [hello, sums]
baseline:
  load:
    context_tokens: 4096
  chat:
    temperature: 0.3
factors:
  temperature: [0, 0.8]
replicates: 3
seed: 7
good_enough:
  builder: {pass_rate: 0.8}
"""
CATALOG = f"""\
models:
  tiny:
    file: tiny.gguf
    sha256: {"ab" * 32}
    size_bytes: 100
    total_parameters: 1000
    chat_template: tools.jinja
    source: {{path: /models/tiny.gguf}}
"""


@pytest.fixture
def sweep_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes the sweep file with one text replaced by another, and returns its path."""

    def write(old: str = "", new: str = "") -> Path:
        assert old in SWEEP
        path = tmp_path / "nightly.yml"
        path.write_text(SWEEP.replace(old, new, 1) if old else SWEEP + new)
        return path

    return write


@pytest.fixture
def catalog_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes the catalog with one text replaced by another, and its chat template beside it."""

    def write(old: str = "", new: str = "", template: str = "{{ messages }}") -> Path:
        assert old in CATALOG
        path = tmp_path / "catalog.yml"
        path.write_text(CATALOG.replace(old, new, 1) if old else CATALOG + new)
        (tmp_path / "tools.jinja").write_text(template)
        return path

    return write
