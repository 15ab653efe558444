# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cards say about generations whose truth is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.errors import LabError
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import build_card, headline

from .reading import baseline, card_of

Summary = dict[str, Any]
PASSED = ("passed", None, None)
WRONG = ("failed", "capability", "wrong_result")
TURNS = ("failed", "turns", None)


def test_a_model_shown_to_be_good_enough_is_recommended_with_its_config(good_summary: Summary) -> None:
    card = card_of(good_summary)
    assert card["recommendation"]["headline"] == "Good enough for builder on lite hosts: deploy the baseline"
    assert card["deploy"]["chat"] == {"temperature": 0.5, "top_p": 0.95}
    assert card["recommendation"]["caveat"]
    verdicts = {one["duty"]: one["verdict"] for one in card["duties"]}
    assert verdicts == {"builder": "good_enough", "reviewer": "not_shown"}


def test_the_baseline_is_kept_against_a_level_that_only_measured_higher(good_summary: Summary) -> None:
    card = card_of(good_summary)
    rates = {row["label"]: row["pass_rate"]["count"] for row in card["cells"]}
    assert rates == {"baseline": 23, "temperature 0.2": 24, "temperature 0.8": 18}
    assert (
        "Temperature 0.2 (24 of 24) measured higher, not shown to be better" in card["recommendation"]["sentences"][2]
    )


def test_a_level_shown_to_beat_the_baseline_replaces_it(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(
        lambda cell, canary, replicate: PASSED if cell["level"] or replicate % 4 == 0 else WRONG,
        temperatures=(0.2,),
        replicates=12,
        good_enough={"builder": {"pass_rate": 0.05}},
    )
    card = card_of(summary)
    assert card["duties"][0]["cells"][0]["verdict"] == "good_enough"
    assert card["deploy"]["label"] == "temperature 0.2"
    assert any("chosen after seeing them all" in caveat for caveat in card["caveats"])


def test_a_model_that_fails_everything_is_told_so_plainly(failing_summary: Summary) -> None:
    card = card_of(failing_summary)
    assert card["recommendation"]["headline"] == "Not good enough for builder on lite hosts: do not deploy"
    assert "failed every one of its 18 counted trials" in card["recommendation"]["sentences"][0]
    assert card["deploy"] is None
    lines = headline(card)
    assert len(lines) <= 5
    assert "do not deploy" in lines[0]
    stood_in_the_way = {one["canary"]: one["verdict"] for one in card["ceilings"]["canaries"]}
    assert stood_in_the_way == {"fix_sum": "capability", "hello_file": "unresolved"}


def test_a_perfect_screen_is_promising_not_proven(summary_of: Callable[..., Summary]) -> None:
    """6 of 6 does not show 80 %: the card says how many trials would."""
    card = card_of(summary_of(lambda *_unused: PASSED, good_enough={"builder": {"pass_rate": 0.8}}))
    assert card["recommendation"]["verdict"] == "not_shown"
    assert card["deploy"] is None
    check = card["duties"][0]["cells"][0]["checks"][0]
    assert (check["result"], check["measured"], check["trials_to_show"]) == ("not_shown", 1.0, 19)
    assert "19 counted trials at this rate would show it" in " ".join(card["recommendation"]["sentences"])


def test_an_open_generation_decides_nothing(interim_summary: Summary) -> None:
    card = card_of(interim_summary)
    assert card["interim"] is True
    assert card["recommendation"]["headline"] == "Interim: 8 of 18 trials recorded, nothing is decided"
    assert card["deploy"] is None
    assert {one["verdict"] for one in card["duties"]} == {"interim"}
    assert baseline(card)["pass_rate"]["of"] == 4


def test_a_trial_given_up_without_a_record_is_void_not_open(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(lambda *_unused: PASSED)
    lost = summary["trials"][0]
    lost["state"], lost["record"] = "void", None
    lost["attempts"] = [lost["attempts"][0] | {"state": "void", "why": "host_lost"}]
    trial = next(one for one in card_of(summary)["trials"] if one["id"] == lost["id"])
    assert (trial["ending"], trial["detail"], trial["counted"]) == ("void", "host_lost", False)


def test_confidently_wrong_means_submitted_and_failing(summary_of: Callable[..., Summary]) -> None:
    endings = {1: WRONG, 2: TURNS, 3: PASSED}
    wrong = baseline(card_of(summary_of(lambda _cell, _canary, replicate: endings[replicate])))["confidently_wrong"]
    assert (wrong["count"], wrong["of"]) == (2, 6)
    assert wrong["low"] < wrong["rate"] < wrong["high"]


def test_a_correct_push_at_the_limit_is_counted_beside_the_failure(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(lambda *_unused: TURNS)
    for trial in summary["trials"][:2]:
        trial["record"]["would_pass"] = True
    card = card_of(summary)
    assert baseline(card)["pass_rate"]["count"] == 0
    (late,) = [one["sentence"] for one in card["ceilings"]["canaries"] if one["would_pass"]]
    assert "2 trials that did not pass had a correct push all the same" in late
    assert card["recommendation"]["caveat"].startswith("18 of 18 failures ended at a budget")


@pytest.mark.parametrize("wanted", [{"generated_tokens_per_second": 500}, {"wall_seconds": 0.1}, {"resident_bytes": 1}])
def test_too_slow_or_too_big_is_not_good_enough(summary_of: Callable[..., Summary], wanted: dict[str, float]) -> None:
    card = card_of(summary_of(lambda *_unused: PASSED, good_enough={"builder": wanted}))
    assert card["recommendation"]["verdict"] == "not_good_enough"
    assert "asked for" in card["duties"][0]["cells"][0]["why"][0]


def test_memory_that_was_not_measured_is_not_taken_for_small(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(lambda *_unused: PASSED, good_enough={"builder": {"resident_bytes": 10**12}})
    summary["loads"][0]["resident_bytes"] = None
    card = card_of(summary)
    assert card["recommendation"]["verdict"] == "not_measured"
    assert card["deploy"] is None


def test_cells_that_never_ran_are_listed_with_the_reason(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(lambda cell, *_unused: None if cell["level"] else PASSED)
    for cell, state in zip(summary["cells"][1:], ("infeasible", "smoke_failed"), strict=True):
        cell["state"] = state
        cell["load_digest"] = state
    summary["cells"][1]["numbers"] = {"predicted_bytes": 9 * 2**30, "available_bytes": 2**33, "reserve_bytes": 2**30}
    summary["smokes"].append(
        {
            "host": "embedded",
            "model": "smollm2-135m",
            "load_digest": "smoke_failed",
            "ok": False,
            "checks": [{"name": "calls_a_tool", "ok": False, "detail": "no call"}],
            "at": "2026-11-23T10:00:12Z",
        }
    )
    why = {one["what"]: one["why"] for one in card_of(summary)["didnt_work"]}
    assert "needs 9.0 GiB and a reserve of 1.0 GiB, 8.0 GiB were available" in why["temperature 0.2"]
    assert "calls_a_tool (no call)" in why["temperature 0.8"]


def test_a_model_that_ran_nothing_is_not_measured(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(lambda *_unused: None)
    for cell in summary["cells"]:
        cell["state"] = "smoke_failed"
    card = card_of(summary)
    assert card["recommendation"]["verdict"] in ("not_measured", "not_good_enough")
    assert card["deploy"] is None
    assert "no trial" in card["recommendation"]["headline"]


def test_the_risk_is_shared_over_the_cells_of_every_model(good_summary: Summary) -> None:
    alone = card_of(good_summary)["duties"][0]["risk_per_cell"]
    for cell in list(good_summary["cells"]):
        good_summary["cells"].append(cell | {"id": f"{cell['id']}-b", "model": "other"})
    assert card_of(good_summary)["duties"][0]["risk_per_cell"] == pytest.approx(alone / 2, rel=1e-4)


def test_an_unknown_criterion_is_refused_by_name(failing_summary: Summary) -> None:
    failing_summary["sweep"]["good_enough"] = {"builder": {"beauty": 1}}
    with pytest.raises(LabError, match=r"builder asks for beauty.*use only: pass_rate"):
        card_of(failing_summary)


def test_an_unknown_model_is_refused_with_the_known_ones(failing_summary: Summary) -> None:
    with pytest.raises(LabError, match=r"no model nobody.*smollm2-135m"):
        build_card(failing_summary, "nobody", {})


def test_no_duty_means_no_verdict(summary_of: Callable[..., Summary]) -> None:
    card = card_of(summary_of(lambda *_unused: PASSED, good_enough={}))
    assert card["recommendation"]["verdict"] == "no_duty"
    assert card["deploy"] is None


def test_the_order_of_the_rows_makes_no_difference(good_summary: Summary) -> None:
    expected = card_of(good_summary)
    good_summary["trials"].reverse()
    assert card_of(good_summary) == expected


def test_canaries_that_tell_nothing_apart_are_named(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(lambda _cell, canary, r: PASSED if canary == "hello_file" else (WRONG if r == 1 else PASSED))
    card = card_of(summary)
    assert {one["name"]: one["informative"] for one in card["canaries"]} == {"hello_file": False, "fix_sum": True}
    assert any("hello_file told no two cells apart" in caveat for caveat in card["caveats"])
