# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From assessed cards to a decision: pure choice, no statistics."""

from __future__ import annotations

from typing import Any

from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import decide

SWEEP: dict[str, Any] = {"name": "demo", "good_enough": {"builder": {"pass_rate": 0.6}}}


def rate(count: int, of: int) -> dict[str, Any]:
    return {"count": count, "of": of, "rate": count / of if of else None, "low": 0.1, "high": 0.9}


def card(model: str, verdict: str, passed: int, counted: int = 10, interim: bool = False) -> dict[str, Any]:
    row = {
        "id": f"{model}-cell",
        "label": "baseline",
        "baseline": True,
        "host_class": "llama_cpp/cpu/23",
        "load": {"context_tokens": 4096},
        "chat": {"temperature": 0.3},
        "pass_rate": rate(passed, counted),
        "confidently_wrong": rate(0, counted),
        "generated_tokens_per_pass": 100.0,
    }
    assessed = {"cell": row["id"], "label": "baseline", "pass_rate": row["pass_rate"], "verdict": verdict, "why": ["w"]}
    return {
        "model": {"name": model, "digest": f"{model}-digest"},
        "generation": {"id": 1, "number": 1, "state": "open" if interim else "complete"},
        "interim": interim,
        "recommendation": {"caveat": "small suite"},
        "cells": [row],
        "duties": [
            {
                "duty": "builder",
                "tier": "lite",
                "wanted": {"pass_rate": 0.6},
                "verdict": verdict,
                "cell": row["id"],
                "cells": [assessed],
            }
        ],
    }


def test_the_best_of_several_good_models_is_chosen_and_the_other_is_listed_with_the_reason() -> None:
    decision = decide([card("small", "good_enough", 9), card("large", "good_enough", 10)], SWEEP)
    (builder,) = decision["decisions"]
    assert builder["verdict"] == "good_enough"
    assert builder["chosen"]["model"] == "large"
    assert builder["chosen"]["load"] == {"context_tokens": 4096}
    assert builder["chosen"]["caveat"] == "small suite"
    assert [option["model"] for option in builder["losing"]] == ["small"]
    assert "ranked behind the chosen cell (large, baseline)" in builder["losing"][0]["why"]


def test_a_good_model_is_chosen_over_one_that_only_measured_higher() -> None:
    decision = decide([card("lucky", "not_shown", 3, 3), card("proven", "good_enough", 9)], SWEEP)
    assert decision["decisions"][0]["chosen"]["model"] == "proven"


def test_none_is_good_enough_says_so_plainly() -> None:
    (builder,) = decide([card("tiny", "not_good_enough", 0)], SWEEP)["decisions"]
    assert builder["chosen"] is None
    assert builder["verdict"] == "not_good_enough"
    assert builder["why"] == "None is good enough: no cell passed a single counted trial."


def test_promising_is_not_chosen() -> None:
    (builder,) = decide([card("mid", "not_shown", 6, 6)], SWEEP)["decisions"]
    assert builder["chosen"] is None
    assert "None is shown to be good enough" in builder["why"]


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
