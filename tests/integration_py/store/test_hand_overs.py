# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent handed over waits for somebody; what did not take effect is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.cli.main import main
from ansible_collections.local_llm.lab.plugins.plugin_utils.store import StoreError

PASSED = {"outcome": "passed", "ceiling": None, "detail": None}
DEFERRED = {
    "outcome": "handed_over", "ceiling": None, "detail": "deferred",
    "handed": {"kind": "deferred", "reason": "The two rules contradict."},
}  # fmt: skip
ENGINE_ERROR = {"outcome": "void", "ceiling": None, "detail": "engine_error"}
HOST_LOST = {"outcome": "void", "ceiling": None, "detail": "host_lost"}


def test_a_hand_over_pauses_its_item_until_somebody_clears_it(lab: Any) -> None:
    session = lab.session()
    claim = lab.claim(session)
    assert lab.store.record(claim, DEFERRED) == "done"
    (pause,) = lab.store.pauses()
    assert (pause["trial"], pause["item"], pause["kind"]) == (claim.trial["id"], claim.trial["canary"], "deferred")
    assert pause["reason"] == "The two rules contradict."
    lab.store.clear_pause(pause["id"], by="ada")
    assert lab.store.pauses() == []
    with pytest.raises(StoreError, match="no pause"):
        lab.store.clear_pause(pause["id"], by="bob")


def test_the_script_lists_and_clears_them(lab: Any, store_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    lab.store.record(lab.claim(lab.session()), DEFERRED)
    assert main(["pauses", "--store", store_url]) == 0
    listed = capsys.readouterr().out
    assert "deferred" in listed and "The two rules contradict." in listed
    pause = listed.split()[0]
    assert main(["pauses", "--store", store_url, "--clear", pause]) == 0
    assert main(["pauses", "--store", store_url, "--clear", pause]) == 1
    assert "`lab pauses` lists" in capsys.readouterr().err
    main(["pauses", "--store", store_url])
    assert capsys.readouterr().out == "nothing is paused\n"


def test_a_trial_without_a_hand_over_pauses_nothing(lab: Any) -> None:
    lab.store.record(lab.claim(lab.session()), PASSED)
    assert lab.store.pauses() == []


def test_a_factor_that_did_not_take_effect_closes_its_cell_with_the_reason(lab: Any) -> None:
    session = lab.session()
    claim = lab.claim(session)
    lab.store.record(claim, PASSED | {"not_applied": "reasoning was switched off, and 40 reasoning tokens came"})
    cell = next(one for one in lab.store.summary(lab.id)["cells"] if one["id"] == claim.trial["cell"])
    assert (cell["state"], cell["numbers"]["trial"]) == ("factor_not_applied", claim.trial["id"])
    assert "switched off" in cell["numbers"]["reason"]
    while claim := lab.claim(session):
        assert claim.trial["cell"] != cell["id"]
        lab.store.record(claim, PASSED)


def test_a_lost_host_never_makes_a_cell_unstable(lab: Any) -> None:
    session = lab.session()
    first = lab.claim(session)
    claim = first
    for _unused in range(5):
        assert lab.store.record(claim, HOST_LOST) == "planned"
        claim = lab.claim(session)
        assert claim.trial["id"] == first.trial["id"]
    states = [lab.store.record(claim, ENGINE_ERROR)]
    states += [lab.store.record(lab.claim(session), ENGINE_ERROR) for _unused in range(2)]
    assert states == ["planned", "planned", "void"]
