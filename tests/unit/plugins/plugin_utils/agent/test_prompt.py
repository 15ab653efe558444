# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The factor `prompt`: its levels, and that they reach the model and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent import Job, prompt
from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.job import HISTORIES, OWN, TOOL_STYLES
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import schema
from ansible_collections.local_llm.lab.tests.fakes.played_model import JOB, PUSH, SUBMIT


@pytest.mark.parametrize("variant", prompt.VARIANTS)
def test_the_model_is_given_the_variant_and_no_engine_its_name(play: Any, variant: str) -> None:
    chat = Job.chat({"temperature": 0.1, "prompt": variant, "tool_style": "native", "history": "full"})
    ending, _unused, model = play([PUSH, SUBMIT], replace(JOB, **chat))
    assert ending.submitted
    for asked in model.asked:
        assert asked["messages"][0] == {"role": "system", "content": prompt.VARIANTS[variant]}
        assert asked["messages"][1] == {"role": "user", "content": JOB.prompt}
        assert asked["sampling"].keys() == {"temperature", "seed"}


def test_every_variant_says_how_a_job_ends_and_no_two_are_the_same() -> None:
    assert len(set(prompt.VARIANTS.values())) == len(prompt.VARIANTS)
    for said in prompt.VARIANTS.values():
        assert said.startswith(prompt.SYSTEM)


def test_a_sweep_file_may_name_exactly_the_levels_the_agent_has() -> None:
    levels = {key: schema.load_schema("sweep")["$defs"]["chat"]["properties"][key] for key in OWN}
    assert levels["prompt"]["enum"] == list(prompt.VARIANTS)
    assert levels["tool_style"]["enum"] == list(TOOL_STYLES)
    assert levels["history"]["enum"] == list(HISTORIES)
    for key, own in OWN.items():
        assert own in levels[key].get("enum", [False, True]), f"{key}: what goes without saying is a level"
