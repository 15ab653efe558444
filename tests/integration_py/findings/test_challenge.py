# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a challenge came to, in three lines; the whole of it, with its sweep, is run in sweep/test_deploy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.deploy.challenge import verdict
from ansible_collections.local_llm.lab.plugins.plugin_utils.stats import difference

from .test_cards import PASSED, WRONG

Summary = dict[str, Any]
CANARIES = {"hello_file": 0, "fix_sum": 1, "ledger": 3}


def challenge(summary_of: Callable[..., Summary], old: int, new: int) -> Summary:
    """Both models on three canaries, N = 8: so many of each canary's replicates passed, others of each canary."""
    sides = {
        model: summary_of(
            lambda _cell, canary, replicate, passes=passes: (
                PASSED if (replicate + 3 * CANARIES[canary]) % 8 < passes else WRONG
            ),
            model=model,
            temperatures=(),
            canaries=CANARIES,
            replicates=8,
        )
        for model, passes in (("old", old), ("new", new))
    }
    whole, other = sides["old"], sides["new"]
    for key in ("cells", "trials", "loads", "smokes"):
        whole[key] += other[key]
    whole["models"] |= other["models"]
    whole["sweep"] |= {"name": "challenge-new-1", "models": ["old", "new"], "wrong_adoption": 0.05}
    return whole


@pytest.mark.parametrize(
    ("old", "new", "said", "then"),
    [
        (3, 8, "new is shown to be better than old", "lab decide -e sweep=challenge-new-1 -l gb10"),
        (5, 6, "new is not shown to be better than old", "nothing to type, old stays deployed"),
        (8, 3, "new is worse than old", "nothing to type, old stays deployed"),
    ],
)
def test_three_lines_say_which_is_better_what_each_costs_and_what_to_type(
    summary_of: Callable[..., Summary], old: int, new: int, said: str, then: str
) -> None:
    shown, cost, next_line = verdict(challenge(summary_of, old, new), "-l gb10")
    assert shown.startswith(f"{said}: on this suite {3 * new} of 24")
    assert f"against {3 * old} of 24" in shown and "paired by 3 canaries, p = " in shown
    assert cost.startswith("per passed canary: new ") and "; old " in cost
    assert then in next_line


def test_a_newcomer_that_could_not_run_is_not_called_worse(summary_of: Callable[..., Summary]) -> None:
    summary = challenge(summary_of, 8, 0)
    summary["trials"] = [one for one in summary["trials"] if one["model"] == "old"]
    cell = next(one for one in summary["cells"] if one["model"] == "new")
    cell |= {"state": "infeasible", "numbers": {"reason": "predicted 40 GiB do not fit"}}
    lines = verdict(summary, "-l gb10")
    assert lines[:2] == ["new is not compared with old: new is infeasible", "why: predicted 40 GiB do not fit"]


COUNTS = st.integers(1, 40).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@given(first=COUNTS, second=COUNTS)
def test_a_difference_lies_in_its_interval_and_turns_round_with_its_sides(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    forth, back = difference([(*first, *second)]), difference([(*second, *first)])
    assert forth is not None and back is not None
    assert -1 <= forth["low"] <= forth["difference"] <= forth["high"] <= 1
    assert forth["low"] == pytest.approx(-back["high"], abs=1e-5)
    assert forth["low"] < forth["high"], "no number of trials tells a difference exactly"


def test_newcombe_s_own_example() -> None:
    """Newcombe 1998, table II: 56 of 70 against 48 of 80."""
    found = difference([(56, 70, 48, 80)])
    assert found is not None
    assert (found["low"], found["high"]) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))
