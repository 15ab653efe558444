# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A load belongs to whoever holds the host, from its beginning to its end; what is loaded is seen by every user."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import LoadFailed
from ansible_collections.local_llm.lab.plugins.module_utils.engines.holding import Hold, held_throughout
from ansible_collections.local_llm.lab.plugins.module_utils.keeper import KeeperBusy
from ansible_collections.local_llm.lab.plugins.module_utils.keeper.client import Terms, hold, release


def terms(engine: Any, owner: str) -> Terms:
    options = {"python": sys.executable, "state_dir": str(engine.state_dir)}
    return Terms(owner, 120, 0, "llama_cpp", engine.base_url, options)


def test_a_load_that_outlives_its_hold_is_unloaded_again(
    llama_server: Callable[..., Any], tiny_gguf: Path, tmp_path: Path
) -> None:
    keeper_dir = str(tmp_path / "k")
    engine = llama_server(tiny_gguf, context_tokens=512)
    hold(keeper_dir, terms(engine, "nightly"))
    with pytest.raises(LoadFailed, match="let the host go"), held_throughout(Hold(keeper_dir, "nightly"), engine):
        assert engine.loaded()
        release(keeper_dir, "nightly")
    assert engine.loaded() == []


def test_nothing_is_touched_on_a_host_of_somebody_else(
    llama_server: Callable[..., Any], tiny_gguf: Path, tmp_path: Path
) -> None:
    keeper_dir = str(tmp_path / "k")
    engine = llama_server(tiny_gguf, context_tokens=512)
    hold(keeper_dir, terms(engine, "nightly"))
    try:
        with pytest.raises(KeeperBusy, match="held by nightly"), held_throughout(Hold(keeper_dir, "other"), engine):
            raise AssertionError("nobody may load here now")
        assert engine.loaded()
    finally:
        release(keeper_dir, "nightly")


def test_what_is_loaded_is_seen_by_every_user(llama_server: Callable[..., Any], tiny_gguf: Path) -> None:
    assert llama_server(tiny_gguf, context_tokens=512).state_file.stat().st_mode & 0o044 == 0o044
