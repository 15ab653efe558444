# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper tells the energy of a term, from counters as a kernel shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.keeper.folder import Folder
from ansible_collections.local_llm.lab.plugins.module_utils.keeper.process import Keeper
from ansible_collections.local_llm.lab.plugins.module_utils.power import rapl

TERMS: dict[str, Any] = {
    "owner": "nightly", "deadline_seconds": 600, "floor_bytes": 0, "engine": "llama_cpp", "loading": False,
    "base_url": "http://127.0.0.1:9", "engine_options": {"python": "x", "state_dir": "/nowhere"}, "reclaim": None,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("PATH", str(tmp_path))  # whatever GPU there is, it is not this host's
    monkeypatch.setattr(rapl, "POWERCAP", tmp_path / "powercap")
    found = Folder(str(tmp_path / "k"))
    found.prepare()
    return found


def test_what_the_counters_tell_is_summed_over_the_term(folder: Folder, tmp_path: Path) -> None:
    package = tmp_path / "powercap" / "intel-rapl:0"
    package.mkdir(parents=True)
    for name, text in (("name", "package-0"), ("max_energy_range_uj", "99000000"), ("energy_uj", "98000000")):
        (package / name).write_text(text)
    keeper = Keeper(folder, TERMS)
    for microjoules, joules in ((2_000_000, 3.0), (2_500_000, 3.5)):  # the first time, the counter went round
        (package / "energy_uj").write_text(str(microjoules))
        keeper.sample()
        assert (keeper.status()["energy_joules"], keeper.status()["energy_from"]) == (joules, "rapl")


def test_a_host_that_tells_nothing_says_so(folder: Folder) -> None:
    status = Keeper(folder, TERMS).status()
    assert (status["energy_joules"], status["energy_from"]) == (None, None)
