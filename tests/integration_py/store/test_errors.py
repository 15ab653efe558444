# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store that cannot be used says which, why, and what to do; never the password."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Store, StoreError


@pytest.mark.parametrize(
    "url, says",
    [
        ("no url", "not one"),
        ("sqlite://", "names no file"),
        ("oracle-of-delphi://lab:hush@host/db", "not one"),
        ("postgresql://lab:hush@/db?host=/nowhere", "does not answer"),
        ("sqlite:////proc/nowhere/store.sqlite", "cannot be made"),
    ],
)
def test_a_url_that_leads_nowhere(url: str, says: str) -> None:
    if url.startswith("postgresql"):
        pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match=says) as failure:
        Store(url)
    assert "hush" not in str(failure.value)
    assert failure.value.remedy


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_text("these are not the rows you are looking for" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Store(f"sqlite:///{tmp_path}/store.sqlite")


def test_a_generation_that_is_not_there(store: Store) -> None:
    with pytest.raises(StoreError, match="no generation 7"):
        store.summary(7)
    with pytest.raises(StoreError, match="no generation 7"):
        store.complete(7)
