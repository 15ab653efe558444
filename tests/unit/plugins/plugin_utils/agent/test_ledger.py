# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ledger says of a trial as a whole: what was generated, how fast, and whether it began cold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.ledger import Ledger
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import Completion, Usage
from ansible_collections.local_llm.lab.tests.fakes.played_model import reply, tool


def ledger(*completions: Completion) -> Ledger:
    made = Ledger()
    for completion in completions:
        made.add(completion)
    return made


def test_the_same_words_and_calls_have_the_same_digest_whatever_the_engine_calls_them() -> None:
    call = tool("write_file", path="a")
    one = ledger(reply("Now", call), reply("done")).as_record()["generations_sha256"]
    assert one == ledger(reply("Now", replace(call, id="other")), reply("done")).as_record()["generations_sha256"]
    others = [
        ledger(reply("Now", call)),
        ledger(reply("Now"), reply("done")),
        ledger(reply("done"), reply("Now", call)),
        ledger(reply("Now", replace(call, arguments_text='{"path": "b"}')), reply("done")),
        ledger(replace(reply("Now", call), reasoning="hm"), reply("done")),
        ledger(reply("Nowdone", call)),
    ]
    digests = {other.as_record()["generations_sha256"] for other in others}
    assert len(digests) == len(others) and one not in digests
    assert ledger().as_record()["generations_sha256"] is None


@pytest.mark.parametrize(
    ("cached", "tells", "cold"), [(0, True, True), (4, True, True), (600, True, False), (0, False, None)]
)
def test_only_the_first_call_says_whether_the_trial_began_cold(cached: int, tells: bool, cold: bool | None) -> None:
    first = replace(reply("a"), usage=Usage(700, cached, 5, 0, "engine", tells))
    later = replace(reply("b"), usage=Usage(900, 700, 5, 0, "engine", True))
    assert ledger(first, later).as_record()["cold_start"] is cold


def test_every_turn_s_speed_is_kept() -> None:
    speeds = [replace(reply("a"), generated_tokens_per_second=speed) for speed in (30.125, 29.0, 31.0)]
    record = ledger(*speeds, replace(reply("b"), generated_tokens_per_second=None)).as_record()
    assert record["turn_speeds"] == [30.12, 29.0, 31.0] and record["generated_tokens_per_second"] == 30.125
