# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers and names as a reader sees them."""

from __future__ import annotations

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import words


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0, "0 %"), (1.0, "100 %"), (0.8333, "83 %"), (0.999, ">99 %"), (0.001, "<1 %")],
)
def test_a_share_never_reads_as_a_certainty_it_is_not(value: float | None, text: str) -> None:
    assert words.percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (0.0000123, "0.000"),
        (0.671, "0.671"),
        (54.65, "54.6"),
        (99.96, "100"),
        (12345.6, "12\u202f346"),
    ],
)
def test_numbers_have_three_digits_and_no_exponent(value: float | None, text: str) -> None:
    assert words.number(value) == text


def test_a_spread_of_one_value_shows_it_once() -> None:
    assert words.spread_text({"median": 3, "low": 3, "high": 3, "of": 3}, "turns") == "3 turns"
    assert words.spread_text({"median": 3, "low": 3, "high": 3, "of": 1}, "turns") == "3 turns (once)"
    assert words.spread_text({"median": 3, "low": 2, "high": 8, "of": 3}) == "3 (2–8)"
    assert words.spread_text(None) == "–"


def test_a_rate_is_never_worded_without_its_interval() -> None:
    rate = {"count": 5, "of": 6, "rate": 0.83333, "low": 0.436, "high": 0.97}
    assert words.rate_text(rate) == "5 of 6 (83 %, 95 % interval 44–97 %)"
    assert words.rate_text({"count": 0, "of": 0, "rate": None, "low": None, "high": None}) == "no counted trial"


@pytest.mark.parametrize(
    ("ceiling", "detail", "text"),
    [
        ("turns", None, "turn limit"),
        ("tokens", "completion", "token limit: completion"),
        ("capability", "declared_done_early", "declared done early"),
        ("void", "engine_error", "void: engine error"),
    ],
)
def test_endings(ceiling: str, detail: str | None, text: str) -> None:
    assert words.ending_text(ceiling, detail) == text


def test_settings_read_as_the_user_wrote_them() -> None:
    chat = {"temperature": 0.0, "top_p": 0.95, "echo_reasoning": True}
    assert words.settings(chat) == "temperature 0, top_p 0.95, echo_reasoning on"
    assert words.settings({}) == "engine defaults"
