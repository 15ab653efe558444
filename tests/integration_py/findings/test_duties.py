# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A duty is judged by its own canaries, and one that has none in the sweep is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import build_card, decide

from .test_cards import PASSED, WRONG, card_of

Summary = dict[str, Any]
CANARIES = {"hello_file": 0, "ledger": 3, "review_cache": 2}
DUTIES = {"hello_file": "builder", "ledger": "builder", "review_cache": "reviewer"}


def generation(
    summary_of: Callable[..., Summary], good_enough: dict[str, dict[str, float]], fails: str = "nothing", **more: Any
) -> Summary:
    summary = summary_of(
        lambda _cell, canary, _replicate: WRONG if canary == fails else PASSED,
        canaries=CANARIES,
        replicates=12,
        good_enough=good_enough,
        **more,
    )
    summary["sweep"]["suite"] = {name: {"grade": CANARIES[name], "duty": duty} for name, duty in DUTIES.items()}
    return summary


def duty_of(summary: Summary, duty: str = "builder") -> dict[str, Any]:
    return next(one for one in card_of(summary)["duties"] if one["duty"] == duty)


def baseline(assessment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = assessment["cells"][0]
    return found


def test_a_builder_that_reviews_badly_is_a_builder(summary_of: Callable[..., Summary]) -> None:
    asked = {"builder": {"pass_rate": 0.7, "confidently_wrong_rate": 0.2}, "reviewer": {"pass_rate": 0.5}}
    summary = generation(summary_of, asked, fails="review_cache")
    builder, reviewer = duty_of(summary), duty_of(summary, "reviewer")
    assert (builder["verdict"], builder["canaries"]) == ("good_enough", ["hello_file", "ledger"])
    assert (baseline(builder)["pass_rate"]["count"], baseline(builder)["pass_rate"]["of"]) == (24, 24)
    assert (reviewer["verdict"], reviewer["canaries"]) == ("not_good_enough", ["review_cache"])
    assert "on review_cache" in baseline(reviewer)["why"][0]


def test_a_pass_rate_on_a_grade_counts_that_grade_alone(summary_of: Callable[..., Summary]) -> None:
    easy = duty_of(generation(summary_of, {"builder": {"pass_rate": 0.6, "grade": 0}}, fails="ledger"))
    hard = duty_of(generation(summary_of, {"builder": {"pass_rate": 0.6, "grade": 3}}, fails="ledger"))
    assert (easy["verdict"], easy["canaries"]) == ("good_enough", ["hello_file"])
    assert (hard["verdict"], hard["canaries"]) == ("not_good_enough", ["ledger"])
    assert (baseline(hard)["pass_rate"]["count"], baseline(hard)["pass_rate"]["of"]) == (0, 12)


def test_confidently_wrong_is_asked_of_all_the_duty_s_canaries(summary_of: Callable[..., Summary]) -> None:
    asked = {"builder": {"pass_rate": 0.6, "grade": 0, "confidently_wrong_rate": 0.1}}
    one = baseline(duty_of(generation(summary_of, asked, fails="ledger")))
    assert {check["criterion"]: check["measured"] for check in one["checks"]} == {
        "pass_rate": 1.0,
        "confidently_wrong_rate": 0.5,
    }


@pytest.mark.parametrize(
    ("good_enough", "said"),
    [
        ({"wake_filter": {"pass_rate": 0.5}}, "no canary of the duty wake_filter"),
        ({"builder": {"pass_rate": 0.5, "grade": 2}}, "grade 2, and no canary of the sweep has that duty and grade"),
    ],
)
def test_a_duty_without_a_canary_is_refused(
    summary_of: Callable[..., Summary], good_enough: dict[str, dict[str, float]], said: str
) -> None:
    summary = generation(summary_of, good_enough)
    card = card_of(summary)
    assert card["recommendation"]["verdict"] == "no_canaries" and card["deploy"] is None
    assert said in " ".join(card["recommendation"]["sentences"])
    (one,) = decide([card], summary["sweep"])["decisions"]
    assert one["chosen"] is None and said in one["why"]


def test_the_time_of_a_trial_is_that_of_the_duty_s_canaries(summary_of: Callable[..., Summary]) -> None:
    summary = generation(summary_of, {"builder": {"wall_seconds": 100}, "reviewer": {"wall_seconds": 100}})
    for trial in summary["trials"]:
        trial["record"]["wall_seconds"] = 900.0 if trial["canary"] == "review_cache" else 20.0
    assert duty_of(summary)["verdict"] == "good_enough"
    assert duty_of(summary, "reviewer")["verdict"] == "not_good_enough"


def test_what_a_machine_measured_stands_in_measured_alone(summary_of: Callable[..., Summary]) -> None:
    """Two runs of the same sweep differ in speeds, and in no word of the decision."""
    asked = {"builder": {"pass_rate": 0.7, "generated_tokens_per_second": 20, "wall_seconds": 100}}
    slow, fast = (generation(summary_of, asked, speed=speed) for speed in (40.0, 80.0))
    decisions = []
    for summary in (slow, fast):
        card = build_card(summary, next(iter(summary["models"])), summary["sweep"]["good_enough"])
        decisions.append(decide([card], summary["sweep"]))
    measured = [one.pop("measured") for one in decisions]
    assert decisions[0] == decisions[1] and decisions[0]["decisions"][0]["chosen"]
    assert measured[0] != measured[1]


def test_the_risk_is_the_one_the_sweep_file_names(summary_of: Callable[..., Summary]) -> None:
    summary = generation(summary_of, {"builder": {"pass_rate": 0.5}})
    summary["sweep"]["wrong_adoption"] = 0.3
    assert duty_of(summary)["risk_per_cell"] == pytest.approx(0.1)
