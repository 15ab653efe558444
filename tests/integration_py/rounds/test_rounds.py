# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds: what is measured after the screen, by what it showed, however often the sweep is ended and gone on with."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Store, SweepChanged

from .conftest import SPEEDS, Sweep, Truth

New = Callable[..., Sweep]


def better(*levels: dict[str, Any]) -> Truth:
    """Trials pass where they have one of these in their load or chat config, and nowhere else."""
    return lambda trial: any(level.items() <= (trial["load"] | trial["chat"]).items() for level in levels)


def now_and_then(trial: dict[str, Any]) -> bool:
    """At the temperature 0.9 every other time, else never."""
    return bool(trial["chat"]["temperature"] == 0.9 and trial["replicate"] % 2 == 0)


def test_a_fixed_sweep_is_looked_at_once_at_its_end(sweep: New) -> None:
    one = sweep(replicates=3)
    one.begin()
    one.run(better({"temperature": 0.9}))
    assert one.states() == {"None": "complete", "0.6": "complete", "0.9": "complete"}
    assert len(one.measured()) == 18 == len(one.measured(stage="screen"))
    (looked,) = one.summary()["rounds"]
    assert looked["decisions"][0]["state"] == "baseline"
    with Store(one.url) as store:
        assert store.complete(one.plan["generation_id"])
    assert one.next_block() is None, "what is complete stays so"


def test_open_cells_get_more_replicates_and_those_that_cannot_win_no_more(sweep: New) -> None:
    one = sweep(replicates={"screen": 3, "most": 8})
    one.begin()
    one.run(now_and_then)
    states, rounds = one.states(), one.summary()["rounds"]
    assert len(rounds) > 1 and [one["number"] for one in rounds] == list(range(1, len(rounds) + 1))
    assert states["0.6"] == "stopped_early" and states["0.9"] in ("stopped_early", "complete")
    cells = {str(cell["level"]): cell for cell in one.summary()["cells"]}
    assert cells["0.6"]["numbers"]["why"] == "futility"
    counts = {level: len(one.measured(cell=cell["id"])) for level, cell in cells.items()}
    assert counts["0.6"] < counts["0.9"] == counts["None"] <= 16, "the baseline keeps up with what is open"
    later = one.measured(stage="replicate")
    assert later and {trial["block"] for trial in later}.isdisjoint(
        {trial["block"] for trial in one.measured(stage="screen")}
    )
    assert any("more trials" in line for line in one.told)


def test_two_winning_levels_are_tried_together_on_the_hardest_canaries(sweep: New) -> None:
    one = sweep(replicates=6, factors={"temperature": [0.9], "top_p": [0.5]}, wrong_adoption=0.2)
    one.begin()
    one.run(better({"temperature": 0.9}, {"top_p": 0.5}))
    confirmation = one.summary()["cells"][-1]
    assert confirmation["factor"] == "confirmation" and confirmation["level"] == {"temperature": 0.9, "top_p": 0.5}
    assert confirmation["chat"] == {"temperature": 0.9, "top_p": 0.5} and confirmation["state"] == "complete"
    trials = one.measured(stage="confirmation")
    assert [trial["canary"] for trial in trials] == ["fix_sum"] * 6, (
        "the sweep has none of grade 3, this is its highest"
    )
    assert {trial["cell"] for trial in trials} == {confirmation["id"]}
    with Store(one.url) as store:
        assert store.complete(one.plan["generation_id"])


def test_one_winning_level_was_a_cell_already(sweep: New) -> None:
    one = sweep(replicates=6, factors={"temperature": [0.9], "top_p": [0.5]}, wrong_adoption=0.2)
    one.begin()
    one.run(better({"temperature": 0.9}))
    assert len(one.summary()["cells"]) == 3 and not one.measured(stage="confirmation")


def test_a_drifted_block_is_run_once_more_under_fresh_replicates(sweep: New) -> None:
    one = sweep(replicates=3, factors={"kv_type": ["q8_0"]})
    one.begin()
    one.speeds = lambda trial: [
        speed * (0.6 if (trial["purpose"], trial["replicate"]) == ("anchor", 2) and trial["block"] in (1, 4) else 1)
        for speed in SPEEDS
    ]
    one.run(better())
    blocks = {block["number"]: block for block in one.summary()["blocks"]}
    assert blocks[1]["state"] == "drifted" and blocks[4]["numbers"]["rerun_of"] == 1
    assert blocks[4]["state"] == "complete" and blocks[4]["numbers"]["drifted"], "not for ever"
    assert sorted(blocks) == [0, 1, 2, 3, 4]
    drifted, again = one.measured(block=1), one.measured(block=4)
    assert {trial["stage"] for trial in again} == {"rerun"} and {trial["replicate"] for trial in drifted} == {1, 2}
    assert {(trial["cell"], trial["canary"]) for trial in again} == {(one["cell"], one["canary"]) for one in drifted}
    assert {trial["replicate"] for trial in again} == {4, 5}
    assert one.states() == {"None": "complete", "q8_0": "complete"}
    numbers = one.summary()["rounds"][0]["decisions"][1]["numbers"]
    assert numbers["replicates"] == 3, "what drifted does not count, what was run once more does"


def test_where_there_is_no_baseline_to_compare_with_the_screen_is_all(sweep: New) -> None:
    one = sweep()
    one.begin()
    with Store(one.url) as store:
        store.set_cell_state(one.summary()["cells"][0]["id"], "smoke_failed")
    one.run(better({"temperature": 0.9}))
    assert one.states() == {"None": "smoke_failed", "0.6": "complete", "0.9": "complete"}
    assert len(one.measured()) == 12


@pytest.mark.parametrize(("passes", "asked", "baseline"), [(True, 0.7, 16), (True, 0.2, 6), (False, 0.7, 6)])
def test_while_it_is_open_whether_the_baseline_is_good_enough_it_gets_the_rest_of_its_replicates(
    sweep: New, passes: bool, asked: float, baseline: int
) -> None:
    """What 6 of 6 show already, and what 0 of 6 rule out, is not open."""
    one = sweep(replicates={"screen": 3, "most": 8}, good_enough={"builder": {"pass_rate": asked}})
    one.begin()
    one.run(lambda _trial: passes)
    counts = {str(cell["level"]): len(one.measured(cell=cell["id"])) for cell in one.summary()["cells"]}
    assert counts == {"None": baseline, "0.6": 6, "0.9": 6}
    assert one.states()["None"] == "complete"
    with Store(one.url) as store:
        assert store.complete(one.plan["generation_id"])


def test_the_plan_says_which_duty_no_result_could_show(sweep: New) -> None:
    asked = {"builder": {"pass_rate": 0.9}}
    (line,) = [one for one in sweep(good_enough=asked).begin()["lines"] if "no result can show" in one]
    assert line.startswith("builder: no result can show 90 %: it takes 39 counted trials")
    assert "there are 16 at most" in line


def test_the_risk_cannot_be_chosen_anew_while_it_runs(sweep: New) -> None:
    one = sweep(wrong_adoption=0.05)
    one.begin()
    one.sweep_file.write_text(one.sweep_file.read_text().replace("wrong_adoption: 0.05", "wrong_adoption: 0.5"))
    with pytest.raises(SweepChanged, match=r"wrong_adoption: 0\.05 -> 0\.5"):
        one.begin()


def test_a_sweep_with_a_limit_ends_there(sweep: New) -> None:
    one = sweep(limits={"trials": 9})
    one.begin()
    one.run(better())
    assert set(one.states().values()) == {"budget_spent"} and one.summary()["rounds"] == []
    with Store(one.url) as store:
        assert store.complete(one.plan["generation_id"])


def test_killed_and_begun_again_at_any_moment_it_comes_to_the_same(tmp_path: Any) -> None:
    truth = better({"temperature": 0.9})
    folders = [tmp_path / name for name in ("whole", "torn")]
    for folder in folders:
        folder.mkdir()
    whole, torn = (Sweep(folder, replicates={"screen": 3, "most": 8}) for folder in folders)
    whole.begin()
    whole.run(truth)
    torn.begin()
    while block := torn.next_block():
        torn.run_block(block, truth, trials=2)
        torn.begin()
    torn.next_block()

    def told(one: Sweep) -> Any:
        summary = one.summary()
        trials = {trial["id"]: (trial["block"], trial["stage"], trial["record"]) for trial in summary["trials"]}
        return trials, summary["cells"], [(look["number"], look["decisions"]) for look in summary["rounds"]]

    assert told(torn) == told(whole)
    assert all(len(trial["attempts"]) <= 1 for trial in torn.summary()["trials"])


def test_two_hosts_of_a_class_share_the_blocks_and_look_once(sweep: New) -> None:
    one = sweep(replicates={"screen": 3, "most": 8})
    one.begin("box", "attic")
    one.run(now_and_then)
    trials = one.measured()
    assert {trial["host"] for trial in trials} == {"box", "attic"}
    assert len({(trial["block"], trial["host"]) for trial in trials}) == len({trial["block"] for trial in trials})
    rounds = [look["number"] for look in one.summary()["rounds"]]
    assert rounds == list(range(1, len(rounds) + 1)) and len(rounds) > 1


@pytest.mark.timeout(120)
def test_a_host_without_a_block_waits_for_those_that_run_theirs(sweep: New) -> None:
    one = sweep(replicates={"screen": 3, "most": 8})
    one.begin("box", "attic")
    first, second = one.next_block("box"), one.next_block("attic")
    assert first and second and first["number"] != second["number"]
    one.run_block(first, now_and_then)
    found: list[Any] = []
    waits = threading.Thread(target=lambda: found.append(one.next_block("box")))
    waits.start()
    while not any("box waits for the other hosts" in line for line in one.told):
        assert waits.is_alive(), found
        time.sleep(0.05)
    assert one.summary()["rounds"] == []
    one.run_block(second, now_and_then)
    waits.join()
    assert found[0] is not None and len(one.summary()["rounds"]) == 1
    assert one.measured(block=found[0]["number"]) == []


def test_what_changed_while_it_runs_is_not_planned_into_it(sweep: New) -> None:
    one = sweep()
    one.begin()
    one.next_block()
    changed = yaml.safe_load(one.sweep_file.read_text()) | {"factors": {"temperature": [0.7]}}
    one.sweep_file.write_text(yaml.safe_dump(changed))
    with pytest.raises(SweepChanged, match=r"cells: .*0.6.* -> .*0.7"):
        one.next_block()


def test_how_it_is_judged_may_change_while_it_runs(sweep: New) -> None:
    one = sweep()
    one.begin()
    one.sweep_file.write_text(one.sweep_file.read_text() + "good_enough: {builder: {pass_rate: 0.5}}\nseed: 9\n")
    assert one.next_block() is not None
