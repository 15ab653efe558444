# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads while a sweep runs."""

from __future__ import annotations

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.cli.live import live_line
from ansible_collections.local_llm.lab.plugins.plugin_utils.cli.main import main

STATE = {
    "host": "gb10",
    "done": 4,
    "total": 18,
    "trial": {"canary": "fix_sum", "chat": {"temperature": 0.3}},
    "turn": 2,
    "turns": 8,
    "generated_tokens": 131,
    "tokens_per_second": 57.6,
    "phase": "model",
    "seconds_left": 187.0,
}


def test_the_live_line_tells_trial_turn_tokens_speed_and_time_left() -> None:
    assert live_line(STATE) == (
        "gb10: trial 5/18 fix_sum [temperature=0.3] · turn 2/8 · 131 tokens · 58 tokens/s · 3 min 07 s left"
    )


def test_before_the_first_token_it_tells_the_phase_and_promises_no_time() -> None:
    line = live_line(STATE | {"tokens_per_second": None, "seconds_left": None, "phase": "layout"})
    assert line.endswith("131 tokens · layout · time left not known yet")


@pytest.mark.parametrize("wrong", [["sweep", "-e", "temperature"], ["sweep", "--nwe"], [], ["init"]])
def test_a_wrong_command_line_is_refused_before_anything_runs(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(wrong)
    assert refused.value.code == 2 and "usage: lab" in capsys.readouterr().err


def test_an_inventory_that_is_not_there_is_named_with_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "-i", "nowhere/inventory"]) == 1
    said = capsys.readouterr().err
    assert "nowhere/inventory" in said and "lab init" in said
