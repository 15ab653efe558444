# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which trials are in a rate, and that a card says of every other one why it is not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import render_html, render_markdown
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings.trials import every_trial
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.counting import REASONS, reasons

from .conftest import HOST_CLASS
from .reading import baseline, card_of, left_out

Summary = dict[str, Any]
PASSED = ("passed", None, None)
WRONG = ("failed", "capability", "wrong_result")


def test_void_and_interface_are_in_no_denominator(summary_of: Callable[..., Summary]) -> None:
    endings = {1: ("void", None, "engine_error"), 2: ("failed", "interface", "template"), 3: PASSED}
    card = card_of(summary_of(lambda _cell, _canary, replicate: endings[replicate]))
    row = baseline(card)
    assert (row["pass_rate"]["count"], row["pass_rate"]["of"]) == (2, 2)
    assert left_out(row) == {"void": 2, "interface": 2}
    assert row["confidently_wrong"]["count"] == 0
    assert "engine's template or parser" in card["recommendation"]["caveat"]


def test_a_hand_over_is_not_a_pass_and_stays_in_the_denominator(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(lambda _c, _n, replicate: ("handed_over", None, "deferred") if replicate == 1 else PASSED)
    rate = baseline(card_of(summary))["pass_rate"]
    assert (rate["count"], rate["of"]) == (4, 6)


def test_exact_repeats_at_temperature_zero_count_once(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(lambda *_unused: PASSED, temperatures=(0.0,))
    greedy = next(cell["id"] for cell in summary["cells"] if cell["level"] == 0.0)
    first: dict[tuple[str, str], Any] = {}
    for trial in summary["trials"]:
        trial["record"] = copy.deepcopy(first.setdefault((trial["cell"], trial["canary"]), trial["record"]))
    card = card_of(summary)
    rows = {row["id"]: row for row in card["cells"]}
    assert rows[greedy]["pass_rate"]["of"] == 2
    assert rows[greedy]["left_out"]["repeat"] == 4
    assert rows[greedy]["passes_every_time"]["rate"] == 1
    assert baseline(card)["pass_rate"]["of"] == 6
    assert any("identical generations count as one replicate" in caveat for caveat in card["caveats"])


def test_repeats_of_a_failure_at_a_budget_are_not_counted_as_failures(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(lambda *_unused: ("failed", "turns", None), temperatures=(0.0,))
    first: dict[tuple[str, str], Any] = {}
    for trial in summary["trials"]:
        trial["record"] = copy.deepcopy(first.setdefault((trial["cell"], trial["canary"]), trial["record"]))
    card = card_of(summary)
    assert sorted((row["stopped_by_budget"], row["pass_rate"]["of"]) for row in card["cells"]) == [(2, 2), (6, 6)]
    assert any("8 of 8 failures ended at a budget" in caveat for caveat in card["caveats"])


def test_identical_generations_count_once_at_any_temperature(summary_of: Callable[..., Summary]) -> None:
    """Of one canary all three replicates said the same, of the other two of three."""
    summary = summary_of(lambda *_unused: PASSED)
    for trial in summary["trials"]:
        same = trial["canary"] == "hello_file" or trial["replicate"] < 3
        trial["record"]["generations_sha256"] = f"{trial['canary']} {1 if same else trial['replicate']}"
    card = card_of(summary)
    row = baseline(card)
    assert row["chat"]["temperature"] > 0
    assert (row["pass_rate"]["of"], left_out(row)) == (3, {"repeat": 3})
    assert {one["canary"]: one["counted"] for one in row["canaries"]} == {"fix_sum": 2, "hello_file": 1}
    assert "9 trials generated exactly what an earlier one had" in " ".join(card["caveats"])
    said = "not counted in baseline: 3 with the very generations of an earlier one"
    assert said in render_markdown(card)


def test_different_generations_with_the_same_counts_are_no_repeats(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(lambda *_unused: PASSED, temperatures=(0.0,))
    first: dict[tuple[str, str], Any] = {}
    for trial in summary["trials"]:
        record = copy.deepcopy(first.setdefault((trial["cell"], trial["canary"]), trial["record"]))
        trial["record"] = record | {"generations_sha256": trial["id"]}
    assert [left_out(row) for row in card_of(summary)["cells"]] == [{}, {}]


def test_a_repeat_of_a_trial_that_does_not_count_is_none(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(lambda _c, _n, replicate: ("void", None, "engine_error") if replicate == 1 else PASSED)
    for trial in summary["trials"]:
        trial["record"]["generations_sha256"] = "the same"
    row = baseline(card_of(summary))
    assert (row["pass_rate"]["of"], left_out(row)) == (2, {"void": 2, "repeat": 2})


def test_warm_ups_and_anchors_are_no_evidence_and_no_timing(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(lambda *_unused: PASSED)
    cell = summary["cells"][0]["id"]
    mine = [trial for trial in summary["trials"] if trial["cell"] == cell]
    alone = card_of(summary)
    for number, purpose in enumerate(("warm_up", "anchor", "anchor")):
        extra = copy.deepcopy(mine[0]) | {"id": f"extra {number}", "replicate": 100 + number, "purpose": purpose}
        extra["record"] |= {"outcome": "failed", "ceiling": "turns", "generated_tokens_per_second": 1.0}
        summary["trials"].append(extra)
    card = card_of(summary)
    row, before = baseline(card), baseline(alone)
    assert left_out(row) == {"warm_up": 1, "anchor": 2}
    for key in ("pass_rate", "planned", "recorded", "endings", "canaries", "passes_every_time"):
        assert row[key] == before[key], key
    assert card["measured"]["cells"] == alone["measured"]["cells"]
    assert card["ceilings"] == alone["ceilings"]
    assert "1 warm-up and 2 anchor" in render_html(card)


def test_trials_of_a_drifted_block_give_way_to_those_that_were_run_again(summary_of: Callable[..., Summary]) -> None:
    """The block's trials all failed; run again in another block they passed."""
    summary = summary_of(lambda _c, _n, replicate: WRONG if replicate < 3 else PASSED, replicates=4)
    for trial in summary["trials"]:
        trial["block"] = 0 if trial["replicate"] < 3 else 1
        trial["stage"] = "screen" if trial["replicate"] < 3 else "rerun"
    numbers = {"opening": 40.0, "closing": 31.0}
    summary["blocks"] = [
        {"host_class": HOST_CLASS, "number": number, "model": "smollm2-135m", "load_digest": "x", "state": state,
         "numbers": numbers}
        for number, state in enumerate(("drifted", "complete"))
    ] + [{"host_class": "another/class/1", "number": 1, "model": "smollm2-135m", "load_digest": "x",
          "state": "drifted", "numbers": numbers}]  # fmt: skip
    card = card_of(summary)
    row = baseline(card)
    assert (row["pass_rate"]["count"], row["pass_rate"]["of"]) == (4, 4)
    assert left_out(row) == {"drift": 4}
    assert "12 trials ran in a block over which the host's speed drifted" in " ".join(card["caveats"])
    assert [one["left_out"] for one in card["trials"][:4]] == ["drift", "drift", None, None]


def test_a_generation_from_before_blocks_reads_as_one_of_measurements(good_summary: Summary) -> None:
    assert not any({"purpose", "stage", "block"} & trial.keys() for trial in good_summary["trials"])
    card = card_of(good_summary)
    assert {trial["purpose"] for trial in card["trials"]} == {"measure"}
    assert baseline(card)["pass_rate"]["of"] == 24


def test_cards_and_the_looks_between_rounds_leave_out_the_same(summary_of: Callable[..., Summary]) -> None:
    endings = [PASSED, WRONG, ("void", None, "engine_error"), ("failed", "interface", "parser"), None]
    summary = summary_of(lambda _cell, _canary, replicate: endings[replicate % 5], replicates=12)
    for number, trial in enumerate(summary["trials"]):
        trial |= {"block": number % 4, "purpose": ("measure", "measure", "warm_up", "anchor")[number % 7 % 4]}
        if trial["record"]:
            trial["record"]["generations_sha256"] = str(number % 3)
    summary["cells"][2]["state"] = "factor_not_applied"
    summary["blocks"] = [{"host_class": HOST_CLASS, "number": 2, "state": "drifted"}]
    table = every_trial(summary)
    found = dict(zip(table["id"], table["left_out"], strict=True))
    assert found == reasons(summary["trials"], summary["cells"], summary["blocks"])
    assert set(found.values()) == {*REASONS, None}


def test_trials_may_be_read_from_a_generator(good_summary: Summary) -> None:
    expected = every_trial(good_summary)
    streamed = every_trial(good_summary | {"trials": (trial for trial in good_summary["trials"])})
    assert streamed.equals(expected)


def test_a_cell_whose_factor_did_not_take_effect_is_refused_not_reported(summary_of: Callable[..., Summary]) -> None:
    summary = summary_of(lambda cell, canary, replicate: PASSED)
    refused = summary["cells"][1]
    refused |= {"state": "factor_not_applied", "numbers": {"reason": "reasoning was switched off, and 40 tokens came"}}
    card = card_of(summary)
    row = next(one for one in card["cells"] if one["id"] == refused["id"])
    assert (row["pass_rate"]["of"], left_out(row)) == (0, {"not_applied": 6})
    (said,) = [one for one in card["didnt_work"] if one["what"] == row["label"]]
    assert "did not take effect on this engine and was refused: reasoning was switched off" in said["why"]
