# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Models side by side, and what changed since the generation before: is it real?"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils import findings
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import build_card
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings.comparison import compare
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings.comparison_pages import (
    render_comparison_html,
    render_comparison_markdown,
)

from .conftest import HOST_CLASS

SCHEMA = json.loads((Path(findings.__file__).parent / "comparison.schema.json").read_text())
PASSED = ("passed", None, None)
WRONG = ("failed", "capability", "wrong_result")
Summary = dict[str, Any]
Make = Callable[..., Summary]


def first(passes: int, model: str = "small") -> Callable[..., Any]:
    """Passes the first so many replicates of every canary."""
    return lambda _cell, _canary, replicate: PASSED if replicate <= passes else WRONG


def together(one: Summary, *others: Summary) -> Summary:
    """Several models in one generation."""
    joined = copy.deepcopy(one)
    for other in others:
        joined["models"] |= other["models"]
        for key in ("cells", "trials", "loads", "smokes"):
            joined[key] += other[key]
    return joined


def compared(
    summary: Summary, before: Summary | None = None, elsewhere: tuple[Summary, ...] = ()
) -> tuple[dict[str, Any], str, str]:
    """The comparison as data, as Markdown and as HTML."""
    page = json.loads(json.dumps(compare(cards(summary), cards(before), [cards(one) for one in elsewhere])))
    jsonschema.validate(page, SCHEMA)
    html = render_comparison_html(page).replace("\u00a0", " ")
    return page, render_comparison_markdown(page), html


def cards(summary: Summary | None) -> list[dict[str, Any]]:
    wanted = summary["sweep"]["good_enough"] if summary else {}
    return [build_card(summary, model, wanted) for model in summary["models"]] if summary else []


def the_change(page: dict[str, Any]) -> dict[str, Any]:
    (change,) = page["since"]["changes"]
    return dict(change)


def test_models_stand_in_the_order_of_a_decision(summary_of: Make) -> None:
    wanted = {"good_enough": {"builder": {"pass_rate": 0.5}}, "replicates": 8}
    summary = together(
        *(summary_of(first(passes), model=name, **wanted) for name, passes in (("mid", 5), ("low", 1), ("high", 8)))
    )
    page, markdown, html = compared(summary)
    assert [line["model"] for line in page["lines"]] == ["high", "mid", "low"]
    assert [line["duties"][0]["verdict"] for line in page["lines"]] == ["good_enough", "not_shown", "not_good_enough"]
    assert page["lines"][0]["pass_rate"] | {"low": 0, "high": 0} == {
        "count": 16, "of": 16, "rate": 1, "low": 0, "high": 0,
    }  # fmt: skip
    for text in (markdown, html):
        assert "high comes first: good enough for builder" in text
        assert "on this suite" in text
        assert "81–100 %" in text
    assert '<a href="card-high.html">high</a>' in html


def test_the_best_cell_of_a_model_is_its_baseline_unless_a_level_is_shown_better(summary_of: Make) -> None:
    lucky = summary_of(lambda cell, _canary, replicate: PASSED if cell["level"] or replicate < 3 else WRONG)
    page, _markdown, _html = compared(lucky)
    assert page["lines"][0]["label"] == "baseline"


def test_a_model_of_which_nothing_counts_comes_last_and_says_why(summary_of: Make) -> None:
    broken = summary_of(lambda *_unused: None, model="broken")
    for cell in broken["cells"]:
        cell["state"] = "infeasible"
    page, markdown, html = compared(together(broken, summary_of(first(1), model="works")))
    assert [(line["model"], line["cell"] is None) for line in page["lines"]] == [("works", False), ("broken", True)]
    assert "infeasible" in markdown and "infeasible" in html


def test_a_large_change_is_real_and_a_small_one_may_be_chance(summary_of: Make) -> None:
    now = summary_of(first(8), replicates=8)
    page, markdown, html = compared(now, before=summary_of(first(1), replicates=8))
    change = the_change(page)
    assert change["verdict"] == "real"
    assert change["difference"] == pytest.approx(0.875)
    assert change["low"] < change["difference"] <= change["high"] <= 1
    assert change["low"] > 0.5
    assert "+88 points (+" in markdown
    assert "Is it real?" in html
    page, _markdown, _html = compared(now, before=summary_of(first(7), replicates=8))
    change = the_change(page)
    assert (change["verdict"], change["low"] < 0 < change["high"]) == ("chance", True)


def test_the_risk_of_calling_a_change_real_is_shared(summary_of: Make) -> None:
    def models(passes: int) -> Summary:
        return together(*(summary_of(first(passes), model=f"model-{number}", replicates=4) for number in range(5)))

    page, _markdown, _html = compared(models(3), before=models(1))
    assert page["since"]["risk_per_change"] == pytest.approx(0.01)
    # p = 0.13 for two canaries of 3 in 4 against 1 in 4
    assert {change["verdict"] for change in page["since"]["changes"]} == {"chance"}


def test_another_stack_is_named_and_judged_by_the_baseline_run_on_both(summary_of: Make) -> None:
    """The new stack alone made everything better: the baseline says so, and the level's gain is not the model's."""
    now, before = (
        summary_of(lambda _cell, _canary, replicate, n=passes: PASSED if replicate <= n else WRONG, replicates=8)
        for passes in (8, 1)
    )
    now["generation"]["stack"][HOST_CLASS]["engine_build"] = "b11700"
    page, markdown, html = compared(now, before=before)
    change = the_change(page)
    assert change["stack"] == {"engine build": ["b11549-1a2b3c4d", "b11700"]}
    assert change["is_anchor"] and change["verdict"] == "stack"
    for text in (markdown, html):
        assert "crosses stacks (engine build b11549-1a2b3c4d → b11700)" in text
        assert "this is the baseline, run on both" in text


def test_across_stacks_without_a_baseline_of_both_nothing_is_compared(summary_of: Make) -> None:
    now, before = summary_of(first(3)), summary_of(first(3))
    now["generation"]["stack"][HOST_CLASS]["agent_version"] = "1.1.0"
    for trial in before["trials"]:
        if trial["cell"] == before["cells"][0]["id"]:
            trial |= {"state": "planned", "record": None, "attempts": []}
    before["cells"][0]["chat"]["temperature"] = 0.9
    before["cells"][1]["chat"]["temperature"] = 0.5
    page, markdown, _html = compared(now, before=before)
    assert the_change(page)["verdict"] == "not_comparable"
    assert "no baseline was run on both" in markdown


@pytest.mark.parametrize(
    ("part", "verdict"),
    [("engine_build", "chance"), ("driver", "chance"), ("sha256", "other_model"), ("chat_template_sha256", "chance"),
     ("canary", "chance")],
)  # fmt: skip
def test_every_part_that_makes_a_card_stale_is_noticed(summary_of: Make, part: str, verdict: str) -> None:
    now, before = summary_of(first(2)), summary_of(first(2))
    (model,) = now["models"].values()
    for one in (now, before):
        next(iter(one["models"].values()))["chat_template_sha256"] = "a"
    if part == "canary":
        for trial in now["trials"]:
            trial["canary_digest"] = "another" if trial["canary"] == "fix_sum" else trial["canary_digest"]
    elif part in model:
        model[part] = "another"
    else:
        now["generation"]["stack"][HOST_CLASS][part] = "another"
    page, markdown, _html = compared(now, before=before)
    change = the_change(page)
    assert change["verdict"] == verdict
    if part == "canary":
        assert (change["other_canaries"], change["canaries"]) == (["fix_sum"], 1)
        assert "left out, for they are others now: fix_sum" in markdown
    elif part != "sha256":
        assert "crosses stacks" in markdown


def test_a_config_that_was_not_run_then_is_new_and_a_model_that_is_gone_is_named(summary_of: Make) -> None:
    page, markdown, _html = compared(summary_of(first(2), model="new"), before=summary_of(first(2)))
    assert the_change(page)["verdict"] == "new"
    assert page["since"]["gone"] == ["smollm2-135m"]
    assert "Not in this generation any more: smollm2-135m." in markdown


def test_other_sweeps_are_ranked_apart_and_other_suites_said_to_be_so(summary_of: Make) -> None:
    others = [summary_of(first(3), model="elsewhere"), summary_of(first(3), canaries={"another": 3})]
    for number, other in enumerate(others):
        other["sweep"]["name"] = f"other-{number}"
    page, markdown, html = compared(summary_of(first(1)), elsewhere=tuple(others))
    assert [line["model"] for line in page["lines"]] == ["smollm2-135m"]
    assert [(one["sweep"], one["same_suite"]) for one in page["elsewhere"]] == [("other-0", True), ("other-1", False)]
    for text in (markdown, html):
        assert "cannot be ranked with those above" in text
