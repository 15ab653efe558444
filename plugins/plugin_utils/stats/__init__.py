# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proportions, comparisons and spreads, all of them SciPy's; nothing here knows what a trial is.

Every result is a function of its arguments alone (what is resampled has a fixed seed), and leaves out what is no
number.
"""

from __future__ import annotations

from .comparisons import Stratum, permutation_p_value, steadiness_p_value, stratified_p_value, stratified_score
from .differences import difference
from .numbers import tidy
from .proportions import passes_every_time, proportion, shown_at_least, shown_at_most, trials_to_show
from .sequential import predictive_power, spent
from .spreads import median_interval, spread

__all__ = [
    "Stratum",
    "difference",
    "median_interval",
    "passes_every_time",
    "permutation_p_value",
    "predictive_power",
    "proportion",
    "shown_at_least",
    "shown_at_most",
    "spent",
    "spread",
    "steadiness_p_value",
    "stratified_p_value",
    "stratified_score",
    "tidy",
    "trials_to_show",
]
