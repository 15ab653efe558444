# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reader finds on a card's pages, and that they stay readable however much there is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import render_html, render_markdown
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings.basis import changed
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings.writing import card_json

from .conftest import HOST_CLASS
from .reading import baseline, card_of

Summary = dict[str, Any]
Make = Callable[..., Summary]
PASSED = ("passed", None, None)
TURNS = ("failed", "turns", None)
# Its per cents are of bytes, not of trials.
NO_RATES = ("Predicted and measured", "Check it yourself", "Valid until", "Stack and digests")


def pages(card: dict[str, Any]) -> tuple[str, str]:
    return render_html(card).replace("\u00a0", " "), render_markdown(card)


def test_wherever_a_rate_is_the_page_says_on_this_suite(good_summary: Summary) -> None:
    html, markdown = pages(card_of(good_summary))
    sections = re.findall(r"<section.*?</section>", html, flags=re.DOTALL)
    rates = [one for one in sections if re.search(r"\d %", one) and not any(f"<h2>{name}" in one for name in NO_RATES)]
    assert len(rates) >= 5
    for section in rates:
        assert "on this suite" in section, section[:400]
    tables = [part for part in markdown.split("\n## ") if re.search(r"\| .*\d %", part)]
    assert [part.splitlines()[0] for part in tables if "on this suite" not in part] == ["Predicted and measured"]


def test_no_median_stands_without_its_interval_and_one_trial_is_said_to_be_one(summary_of: Make) -> None:
    card = card_of(summary_of(lambda *_unused: PASSED, canaries={"hello_file": 0}, replicates=1))
    assert baseline(card)["turns"]["of"] == 1
    html, markdown = pages(card)
    assert html.count("<small>once</small>") >= 4 * len(card["cells"])
    assert markdown.count("(once)") >= 4 * len(card["cells"])
    assert "1/1, 21–100 %" in html and "1/1, 21–100 %" in markdown


def test_what_the_smoke_found_to_work_is_deployed_with_the_config(good_summary: Summary) -> None:
    smoke = good_summary["smokes"][0]
    smoke["settings"] = {"tool_style": "text"}
    smoke["checks"].append({"name": "prefill_8k", "ok": True, "detail": None, "numbers": {"tokens_per_second": 812.4}})
    card = card_of(good_summary)
    assert card["deploy"]["settings"] == {"tool_style": "text"}
    for page in pages(card):
        assert "Found by its smoke" in page and "tool_style text" in page
        assert "tokens per second 812" in page


def test_drift_and_the_limits_of_the_sweep_are_named(summary_of: Make) -> None:
    summary = summary_of(lambda _cell, _canary, replicate: PASSED if replicate < 3 else None)
    summary["sweep"]["limits"] = {"hours": 2}
    summary["cells"][1] |= {"state": "budget_spent", "numbers": {"reason": "2 hours are over"}}
    summary["blocks"] = [
        {"host_class": HOST_CLASS, "number": number, "model": "smollm2-135m", "load_digest": "x", "state": state,
         "numbers": {"opening_tokens_per_second": 40.1, "closing_tokens_per_second": 31.2}}
        for number, state in ((3, "drifted"), (4, "complete"))
    ]  # fmt: skip
    card = card_of(summary)
    assert "A limit of the sweep was reached (2 hours are over)" in " ".join(card["caveats"])
    for page in pages(card):
        assert f"Block 3 on {HOST_CLASS} drifted and was run again" in page
        assert "closing tokens per second 31.2" in page
        assert "hours 2" in page
        assert "budget spent" in page and "2 hours are over" in page


def test_what_a_load_took_stands_beside_what_was_predicted(good_summary: Summary) -> None:
    good_summary["loads"][0] |= {"predicted_bytes": 2**30, "resident_bytes": 3 * 2**29,
                                 "predicted_tokens_per_second": 40.0}  # fmt: skip
    for page in pages(card_of(good_summary)):
        assert "1.0 GiB" in page and "1.5 GiB" in page and "+50 %" in page
        assert re.search(r"\b40\b", page)


def test_a_trial_s_probe_is_told_beside_its_square(summary_of: Make) -> None:
    summary = summary_of(lambda *_unused: TURNS)
    used = {"turns": 12, "generated_tokens": 900, "wall_seconds": 9.0}
    for trial in summary["trials"]:
        trial["record"]["probe"] = {"factor": 2.0, "reads": "confirmed", "why": None, "used": used}
    card = card_of(summary)
    assert {trial["probe"] for trial in card["trials"]} == {"confirmed"}
    assert "turn limit, past its ceiling: confirmed" in pages(card)[0]


def test_the_rule_of_replicates_speaks_for_every_level(good_summary: Summary) -> None:
    card = card_of(good_summary)
    said = [row["look"]["words"] for row in card["cells"] if not row["baseline"]]
    assert all(said)
    for page in pages(card):
        for words in said:
            assert words in page


def test_very_many_trials_are_in_the_json_and_counted_on_the_page(summary_of: Make) -> None:
    summary = summary_of(
        lambda _cell, _canary, replicate: PASSED if replicate % 3 else TURNS,
        temperatures=(0.2,),
        canaries={f"canary_{number}": 1 for number in range(12)},
        replicates=100,
    )
    card = card_of(summary)
    html, _markdown = pages(card)
    assert 'class="run ' not in html
    assert "the 2400 trials are in the JSON, too many to show one by one" in html
    assert "or of very many an even share" in html
    assert "67/100, 57–75 %" in html
    assert len(html) < 700_000
    assert len(json.loads(card_json(card))["trials"]) == 2400


def test_the_json_is_the_card_with_one_line_a_trial(good_summary: Summary) -> None:
    good_summary["trials"][0]["record"]["detail"] = 'odd }, {"id": "x"}, "y" text'
    good_summary["trials"][0]["record"] |= {"outcome": "failed", "ceiling": "capability"}
    card = card_of(good_summary)
    text = card_json(card).decode()
    assert json.loads(text) == card
    for trial in card["trials"]:
        assert len([line for line in text.splitlines() if line.strip().startswith(f'{{"id": "{trial["id"]}"')]) == 1


@pytest.mark.parametrize(
    ("part", "named"),
    [("engine_build", f"engine build on {HOST_CLASS}"), ("agent_version", f"agent version on {HOST_CLASS}"),
     ("driver", f"driver on {HOST_CLASS}"), ("digest", "model"), ("sha256", "model file"),
     ("chat_template_sha256", "chat template"), ("canary_digest", "canary fix_sum")],
)  # fmt: skip
def test_each_part_a_card_rests_on_makes_it_stale_when_it_changes(summary_of: Make, part: str, named: str) -> None:
    then, now = (summary_of(lambda *_unused: PASSED) for _unused in range(2))
    for summary in (then, now):
        summary["models"]["smollm2-135m"]["chat_template_sha256"] = "a"
    if part == "canary_digest":
        for trial in now["trials"]:
            trial[part] = "b" if trial["canary"] == "fix_sum" else trial[part]
    else:
        owner = now["models"]["smollm2-135m"]
        (owner if part in owner else now["generation"]["stack"][HOST_CLASS])[part] = "b"
    bases = [card_of(summary)["measured"]["basis"] for summary in (then, now)]
    assert list(changed(*bases)) == [named]
    assert changed(bases[0], bases[0]) == {}
