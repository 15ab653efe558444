# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look between two rounds counts is what a card counts, and what both make of it is the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.findings.looks import cell_looks
from ansible_collections.local_llm.lab.plugins.plugin_utils.findings.trials import every_trial, of_model
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.adaptive import Rule
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.counting import reasons
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.looking import View, verdicts

CANARIES = ("hello", "sums")
ENDINGS = (
    None, ("passed", None, None), ("failed", "turns", None), ("failed", "interface", "parser"),
    ("handed_over", None, "deferred"), ("void", None, "engine_error"),
)  # fmt: skip
STATES = ("open", "complete", "stopped_early", "factor_not_applied", "unstable", "budget_spent")


@st.composite
def summaries(draw: Any) -> dict[str, Any]:
    cells = [
        {"id": f"c{number}", "model": "tiny", "host_class": "h", "factor": "temperature" if number else None,
         "level": number, "load": {}, "chat": {"temperature": 0.5}, "load_digest": "l", "numbers": None,
         "state": draw(st.sampled_from(STATES))}
        for number in range(3)
    ]  # fmt: skip
    trials = []
    for cell in cells:
        for canary in CANARIES:
            for replicate in range(1, 1 + draw(st.integers(0, 5))):
                ending = draw(st.sampled_from(ENDINGS))
                names = ("outcome", "ceiling", "detail")
                said = {"generations_sha256": draw(st.sampled_from(["aa", "bb", f"{len(trials)}"]))}
                state = "planned" if ending is None else "void" if ending[0] == "void" else "done"
                trials.append(
                    {"id": f"t{len(trials)}", "cell": cell["id"], "model": "tiny", "canary": canary, "grade": 0,
                     "canary_digest": "d", "replicate": replicate, "seed": 1, "stage": "screen", "state": state,
                     "purpose": draw(st.sampled_from(["measure", "measure", "measure", "warm_up", "anchor"])),
                     "block": draw(st.integers(0, 1)), "host": "box", "attempts": [],
                     "record": ending and dict(zip(names, ending, strict=True)) | said}
                )  # fmt: skip
    blocks = [
        {"host_class": "h", "number": number, "model": "tiny", "load_digest": "l", "state": state, "numbers": None}
        for number, state in enumerate(["complete", draw(st.sampled_from(["planned", "drifted"]))])
    ]
    sweep = {"replicates": 3, "most_replicates": 5, "wrong_adoption": 0.05, "canaries": list(CANARIES)}
    return {"sweep": sweep, "cells": cells, "trials": trials, "blocks": blocks}


@settings(max_examples=60, deadline=None)
@given(summaries())
def test_looks_and_cards_count_the_same_and_come_to_the_same(summary: dict[str, Any]) -> None:
    table = every_trial(summary)
    assert dict(zip(table["id"], table["left_out"], strict=True)) == reasons(
        summary["trials"], summary["cells"], summary["blocks"]
    )
    looks = verdicts(Rule(0.05, 3, 5, 1), View(summary, "tiny", "h"), CANARIES)
    of_card = cell_looks(summary, "tiny", of_model(table, "tiny"))
    assert {one.cell: (one.state, one.numbers) for one in looks} == {
        cell: (told["state"], told["numbers"]) for cell, told in of_card.items()
    }
