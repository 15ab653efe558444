# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook goes on round after round while the answer is open, and ends when it is not."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.local_llm.lab.tests.fakes.hello_player import hello
from ansible_collections.local_llm.lab.tests.fakes.ollama import Ollama
from ansible_collections.local_llm.lab.tests.fakes.wires import Said

from .conftest import Folder
from .test_engines import write

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("memory_to_itself")]


PROMPT = "Create the file greeting.txt with this content"


class Player:
    """At the temperature 0.9 it fails once and then passes, else it always fails; it never says the same twice."""

    def __init__(self) -> None:
        self._said = itertools.count(1)
        self._begun = 0

    def __call__(self, body: dict[str, Any]) -> Sequence[Said]:
        if not any(PROMPT in message["content"] for message in body["messages"]):
            return hello(body)  # smoke, which every model is to pass
        able = body["options"]["temperature"] == 0.9
        if able and not any(message["role"] == "assistant" for message in body["messages"]):
            self._begun += 1
        if not able or self._begun == 1:
            return (Said(text=f"I give up, for the {next(self._said)}th time."),)
        (turn,) = hello(body)
        return (replace(turn, arguments={"message": f"{next(self._said)}"}) if turn.name == "push" else turn,)


def test_what_is_open_after_the_screen_gets_another_round(folder: Folder) -> None:
    folder.sweep |= {"factors": {"temperature": [0.9]}, "replicates": {"screen": 3, "most": 5}, "budgets": {"turns": 6}}
    with Ollama(reply=Player()) as ollama:
        write(
            folder,
            ollama={"lab_engine": "ollama", "lab_engine_url": ollama.base_url, "lab_base_url": ollama.base_url},
        )
        code, output = folder.run("-l", "ollama")
        assert not ollama.resident()
    assert code == 0, output
    assert "round 1 of tiny" in output and "1 open, 4 more trials" in output, output
    assert folder.rows("SELECT number FROM rounds ORDER BY number") == [(1,), (2,)]
    stages = "SELECT stage, block, COUNT(*) FROM trials WHERE purpose = 'measure' GROUP BY stage, block ORDER BY block"
    assert folder.rows(stages) == [("screen", 0, 6), ("replicate", 1, 4)]
    assert folder.rows("SELECT DISTINCT state FROM trials") == [("done",)]
    assert folder.rows("SELECT DISTINCT state FROM cells") == [("complete",)]
    assert folder.rows("SELECT state FROM generations") == [("complete",)]
