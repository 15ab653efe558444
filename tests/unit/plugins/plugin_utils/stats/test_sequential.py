# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spending a risk over looks, against published boundaries, and what a look can still bring."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from ansible_collections.local_llm.lab.plugins.plugin_utils import stats

FRACTIONS = st.floats(0.05, 1)


def test_the_first_of_five_looks_is_lan_and_demets_boundary() -> None:
    """4.8769 at a fifth of the data for 2.5 % on one side; at the end all is spent."""
    assert norm.isf(stats.spent(0.025, 0.2)) == pytest.approx(4.8769, abs=1e-3)
    assert stats.spent(0.025, 1.0) == pytest.approx(0.025)


@given(st.floats(0.0005, 0.2), FRACTIONS, FRACTIONS)
def test_more_data_never_spends_less(risk: float, one: float, two: float) -> None:
    early, late = sorted((one, two))
    assert 0 <= stats.spent(risk, early) <= stats.spent(risk, late) * (1 + 1e-9) <= risk * (1 + 1e-6)


@given(st.floats(-4, 4), st.floats(0, 2), st.floats(0.1, 0.9))
def test_a_better_score_promises_more(score: float, more: float, fraction: float) -> None:
    chance = stats.predictive_power(score, 0.01, fraction)
    assert 0 <= chance <= stats.predictive_power(score + more, 0.01, fraction) <= 1


def test_a_score_in_the_middle_of_what_is_wanted_is_a_coin() -> None:
    assert stats.predictive_power(norm.isf(0.01) * 0.5, 0.01, 0.25) == pytest.approx(0.5)
