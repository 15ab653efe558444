# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit of money is refused where it could not hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.canary.model import CanaryError
from ansible_collections.local_llm.lab.plugins.plugin_utils.steps.inspect import load
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import SweepError

PRICE = "{from: 2026-01-01, prompt_per_million: 2, generated_per_million: 10, currency: %s}"
CLOUD = """  %s:
    cloud:
      id: %s-20261101
      context_tokens: 8000
      prices: [%s]
"""


@pytest.mark.parametrize(
    ("here", "there", "words"),
    [
        (PRICE % "EUR", "", "no price of today for there"),
        (PRICE % "EUR", PRICE % "USD", "paid in EUR and USD"),
        (PRICE % "EUR", PRICE % "EUR", None),
    ],
)
def test_every_cloud_needs_a_price_in_one_currency(
    sweep_file: Callable[..., Path], catalog_file: Callable[..., Path], here: str, there: str, words: str | None
) -> None:
    clouds = CLOUD % ("here", "here", here) + CLOUD % ("there", "there", there)
    files = (
        str(sweep_file("models: [tiny]", "models: [here, there]\nlimits: {money: 5}")),
        str(catalog_file("models:\n", f"models:\n{clouds}")),
    )
    if words is None:
        with pytest.raises(CanaryError):  # the next thing that is looked at, and these canaries are nowhere
            load(*files, [])
        return
    with pytest.raises(SweepError, match=f"limits.money cannot hold: .*{words}"):
        load(*files, [])
