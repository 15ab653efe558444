# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From assessed cards to a decision: pure choice, no statistics."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import decide
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings.choice import best, choose, mean_rate
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings.decision import decision_lines

SWEEP: dict[str, Any] = {"name": "demo", "good_enough": {"builder": {"pass_rate": 0.6}}}
CANARIES = ("hello", "ledger")


def rate(count: int, of: int) -> dict[str, Any]:
    return {"count": count, "of": of, "rate": count / of if of else None, "low": 0.1, "high": 0.9}


def row(cell: str, *, label: str = "baseline", better: bool = False, **passed: tuple[int, int]) -> dict[str, Any]:
    """A cell with (passed, counted) by canary; a label `factor level` makes it a level."""
    factor, _space, level = label.partition(" ")
    counted = [sum(pair[index] for pair in passed.values()) for index in (0, 1)]
    return {
        "id": cell,
        "label": label,
        "factor": factor if level else None,
        "level": level or None,
        "baseline": not level,
        "host_class": "llama_cpp/cpu/23",
        "load": {"context_tokens": 4096},
        "chat": {"temperature": 0.3},
        "load_digest": "load",
        "model_digest": None,
        "pass_rate": rate(counted[0], counted[1]),
        "confidently_wrong": rate(0, counted[1]),
        "generated_tokens_per_pass": 100.0,
        "look": {"state": "efficacy" if better else "exhausted"},
        "canaries": [
            {"canary": name, "grade": 0, "passed": pair[0], "counted": pair[1], "wrong": 0, "trials": []}
            for name, pair in passed.items()
        ],
    }


def assessed(one: dict[str, Any], verdict: str, checks: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    told = {"cell": one["id"], "label": one["label"], "pass_rate": one["pass_rate"], "verdict": verdict, "why": ["w"]}
    return told | {"checks": checks or []}


def card(model: str, verdict: str, passed: int, counted: int = 10, **changes: Any) -> dict[str, Any]:
    cell = row(f"{model}-cell", hello=(passed, counted))
    duty = {
        "duty": "builder",
        "tier": "lite",
        "wanted": {"pass_rate": 0.6},
        "canaries": ["hello"],
        "refused": None,
        "verdict": verdict,
        "cell": cell["id"],
        "cells": [assessed(cell, verdict)],
    }
    return {
        "model": {"name": model, "digest": f"{model}-digest"},
        "generation": {"id": 1, "number": 1, "state": "complete"},
        "interim": False,
        "recommendation": {"caveat": "small suite"},
        "cells": [cell],
        "canaries": [{"name": "hello", "grade": 0, "digest": "h"}],
        "measured": {"loads": [], "trials": {}},
        "duties": [duty | {key: value for key, value in changes.items() if key in duty}],
        **{key: value for key, value in changes.items() if key not in duty},
    }


def test_the_best_of_several_good_models_is_chosen_and_the_other_is_listed_with_the_reason() -> None:
    decision = decide([card("small", "good_enough", 9), card("large", "good_enough", 10)], SWEEP)
    (builder,) = decision["decisions"]
    assert builder["verdict"] == "good_enough"
    assert builder["chosen"]["model"] == "large"
    assert builder["chosen"]["load"] == {"context_tokens": 4096}
    assert builder["chosen"]["caveat"] == "small suite"
    assert (builder["chosen"]["passed"], builder["chosen"]["counted"], builder["chosen"]["on"]) == (10, 10, ["hello"])
    assert [option["model"] for option in builder["losing"]] == ["small"]
    assert "ranked behind the chosen cell (large, baseline), which passed 10 of 10" in builder["losing"][0]["why"]
    assert "against 9 of 10" in builder["losing"][0]["why"]
    assert builder["runner_up"]["model"] == "small"


def test_a_good_model_is_chosen_over_one_that_only_measured_higher() -> None:
    decision = decide([card("lucky", "not_shown", 3, 3), card("proven", "good_enough", 9)], SWEEP)
    (builder,) = decision["decisions"]
    assert builder["chosen"]["model"] == "proven"
    assert builder["runner_up"]["model"] == "lucky"


def test_none_is_good_enough_says_so_plainly() -> None:
    decision = decide([card("tiny", "not_good_enough", 0)], SWEEP)
    (builder,) = decision["decisions"]
    assert builder["chosen"] is None and builder["runner_up"] is None
    assert builder["verdict"] == "not_good_enough"
    assert builder["why"] == "None is good enough: no cell passed a single counted trial."
    assert decision_lines(decision) == [f"builder on lite hosts: nothing to deploy: {builder['why']}"]


def test_promising_is_not_chosen() -> None:
    (builder,) = decide([card("mid", "not_shown", 6, 6)], SWEEP)["decisions"]
    assert builder["chosen"] is None
    assert "None is shown to be good enough; 1 of 1 cell are promising" in builder["why"]


def test_nothing_is_chosen_before_the_generation_is_complete() -> None:
    decision = decide([card("large", "good_enough", 10, interim=True)], SWEEP)
    assert decision["interim"] is True
    assert decision["decisions"][0]["verdict"] == "interim"
    assert decision["decisions"][0]["chosen"] is None


def test_every_duty_gets_its_line() -> None:
    sweep = SWEEP | {"good_enough": {"builder": {"pass_rate": 0.6}, "reviewer": {"pass_rate": 0.9}}}
    decisions = decide([card("large", "good_enough", 10)], sweep)["decisions"]
    assert [one["duty"] for one in decisions] == ["builder", "reviewer"]
    assert decisions[1]["verdict"] == "not_measured"


def test_a_duty_without_canaries_is_refused_with_the_reason() -> None:
    refused = card("large", "no_canaries", 10, canaries=[], cells=[], cell=None, refused="No canary of grade 3.")
    refused["cells"], refused["canaries"] = [], []
    (builder,) = decide([refused], SWEEP)["decisions"]
    assert (builder["verdict"], builder["chosen"], builder["why"]) == ("no_canaries", None, "No canary of grade 3.")


def test_a_cloud_stands_in_the_same_table_with_its_money() -> None:
    cloud = card("opus", "good_enough", 10, tier="cloud")
    cost = {"per_passed": {"amount": 0.12, "currency": "USD", "source": "prices"}}
    cloud["measured"]["costs"] = {"opus-cell": cost}
    decision = decide([card("small", "good_enough", 9), cloud], SWEEP)
    assert [(one["tier"], one["model"]) for one in decision["table"]] == [("cloud", "opus"), ("lite", "small")]
    prices = [one["price_per_passed"] for one in decision["table"]]
    assert prices == [cost["per_passed"], None] and decision["measured"]["opus-cell"]["cost"] == cost
    by_tier = {one["tier"]: one["chosen"]["model"] for one in decision["decisions"]}
    assert by_tier == {"cloud": "opus", "lite": "small"}, "what is deployed on a host is no cloud's model"


def chosen(*rows: dict[str, Any], verdicts: str = "good_enough") -> Any:
    return choose([assessed(one, verdicts) for one in rows], rows, CANARIES)


BASE = row("base", hello=(6, 8), ledger=(3, 8))
HOT = row("hot", label="temperature 0.8", better=True, hello=(8, 8), ledger=(6, 8))
KV = row("kv", label="kv_type q8_0", better=True, hello=(7, 8), ledger=(6, 8))
LUCKY = row("lucky", label="top_p 0.5", hello=(8, 8), ledger=(8, 8))


def confirmation(passed: int, **level: str) -> dict[str, Any]:
    both = level or {"temperature": "0.8", "kv_type": "q8_0"}
    return row("both", label="confirmation x", ledger=(passed, 8)) | {"level": both}


def test_a_level_replaces_the_baseline_only_when_shown_better() -> None:
    assert chosen(BASE, LUCKY).cell == "base"
    assert chosen(BASE, LUCKY, HOT).cell == "hot"


@pytest.mark.parametrize(("passed", "cell"), [(8, "both"), (6, "both"), (5, "hot")])
def test_the_winning_levels_together_are_taken_unless_worse_than_the_best_of_them_alone(passed: int, cell: str) -> None:
    choice = chosen(BASE, HOT, KV, LUCKY, confirmation(passed))
    assert choice.cell == cell
    said = choice.remarks.get("both", [])
    assert bool(said) is (cell == "hot")
    if said:
        assert "passed 5 of 8 where temperature 0.8 passed 6 of 8" in said[0], "on the canary both ran on"


def test_a_confirmation_of_what_is_not_shown_better_is_not_taken() -> None:
    assert chosen(BASE, LUCKY, confirmation(8, top_p="0.5", temperature="0.8")).cell == "base"


def test_a_confirmation_that_is_not_good_enough_leaves_the_best_level_alone() -> None:
    both = confirmation(8)
    cells = [assessed(one, "good_enough") for one in (BASE, HOT, KV)] + [assessed(both, "not_shown")]
    assert choose(cells, [BASE, HOT, KV, both], CANARIES).cell == "hot"


LACKS_TRIALS = {"criterion": "pass_rate", "result": "not_shown", "ruled_out": False}
UNLUCKY = {"criterion": "pass_rate", "result": "missed", "ruled_out": False}
TOO_LOW = {"criterion": "pass_rate", "result": "missed", "ruled_out": True}
TOO_SLOW = {"criterion": "generated_tokens_per_second", "result": "missed"}


@pytest.mark.parametrize(
    ("checks", "taken"),
    [([LACKS_TRIALS], "base"), ([UNLUCKY], None), ([TOO_LOW], "lucky"), ([LACKS_TRIALS, TOO_SLOW], "lucky")],
)
def test_luck_alone_takes_no_level_in_the_place_of_a_baseline_that_may_do_as_well(
    checks: list[dict[str, Any]], taken: str | None
) -> None:
    verdict = "not_shown" if checks == [LACKS_TRIALS] else "not_good_enough"
    cells = [assessed(BASE, verdict, checks), assessed(LUCKY, "good_enough")]
    choice = choose(cells, [BASE, LUCKY], CANARIES)
    assert (choice.verdict == "good_enough") is (taken == "lucky")
    if taken:
        assert choice.cell == taken


def test_each_host_class_s_baseline_is_kept_by_its_own_levels_alone() -> None:
    there = row("there", hello=(8, 8), ledger=(8, 8)) | {"host_class": "ollama/GB10/120"}
    assert chosen(BASE, HOT, there).cell == "there"


def test_what_smoke_found_to_work_is_deployed_with_the_cell() -> None:
    one = card("model", "good_enough", 10)
    text = {"tool_style": "text"}
    smokes = [
        {"host": "box", "load_digest": "load", "settings": text},
        {"host": "elsewhere", "load_digest": "load", "settings": {"tool_style": "native"}},
        {"host": "box", "load_digest": "other", "settings": None},
    ]
    one["measured"]["smokes"] = smokes
    one["hosts"] = [{"host_class": "llama_cpp/cpu/23", "tiers": ["lite"], "hosts": ["box"]}]
    (decision,) = decide([one], SWEEP)["decisions"]
    assert decision["chosen"]["settings"] == text


COUNTS = st.integers(1, 8).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@given(rows=st.lists(st.dictionaries(st.sampled_from("abc"), COUNTS), min_size=1, max_size=5))
def test_the_best_has_the_highest_mean_rate_on_the_canaries_that_all_ran_on(
    rows: list[dict[str, tuple[int, int]]],
) -> None:
    """However many replicates a canary had, and whatever else a cell ran on."""
    cells = [row(str(index), **one) for index, one in enumerate(rows)]
    common = set("abc").intersection(*(set(one) for one in rows))
    means = [sum(one[name][0] / one[name][1] for name in common) / max(1, len(common)) for one in rows]
    found = best(cells, "abc")
    assert mean_rate(found, common) == pytest.approx(max(means))
