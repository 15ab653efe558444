# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the host a sandbox shows, and what is hidden in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import inside

PYTHON = f"{inside.PYTHON_PREFIX}/bin/python3"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Somebody's home, into which a Python was installed."""
    for name in ("bin", "lib/python3/site-packages/lab/canaries", ".ssh"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def test_of_a_prefix_only_the_python_is_shown(prefix: Path) -> None:
    mounts, _links = inside.system_mounts(inside.Interpreter(PYTHON, prefix))
    shown = {where for path, where in mounts if path.is_relative_to(prefix)}
    assert shown == {f"{inside.PYTHON_PREFIX}/bin", f"{inside.PYTHON_PREFIX}/lib"}


def test_what_is_masked_is_hidden_wherever_it_would_be_seen(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collection = prefix / "lib/python3/site-packages/lab"
    monkeypatch.setattr(inside, "COLLECTION", collection)
    found = inside.masks(inside.Interpreter(PYTHON, prefix), [collection / "canaries", prefix, prefix / "none"])
    ours = [where for where in found if where.startswith(inside.PYTHON_PREFIX)]
    assert ours == [f"{inside.PYTHON_PREFIX}/lib/python3/site-packages/lab"]


def test_a_link_to_what_is_masked_is_followed(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(prefix / "lib/python3/site-packages/lab")
    found = inside.masks(inside.Interpreter(PYTHON, prefix), [tmp_path / "link" / "canaries"])
    assert f"{inside.PYTHON_PREFIX}/lib/python3/site-packages/lab/canaries" in found


def test_what_is_not_shown_needs_no_mask(prefix: Path) -> None:
    assert not [
        where for where in inside.masks(inside.Interpreter(PYTHON, prefix), [prefix / ".ssh"]) if "ssh" in where
    ]
