# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that starts cold: its first call finds nothing of its prompt in the engine's cache, the next ones do."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent.ledger import Ledger
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import Client, Completion, Deadlines
from ansible_collections.local_llm.lab.tests.fakes.scripted_engine import ScriptedEngine, Turn
from ansible_collections.local_llm.lab.tests.fakes.tiny_gguf import write_tiny_gguf

PROMPT = [{"role": "user", "content": "one two three " * 40}]
LONGER = [*PROMPT, {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "four five six"}]


def ask(client: Client, messages: Any = None) -> Completion:
    return client.complete(messages or PROMPT, [], {"temperature": 0}, 4, Deadlines(time.monotonic() + 60))


def test_on_llama_cpp_the_first_call_of_each_trial_reads_its_prompt_anew(
    llama_server: Callable[..., Any], tmp_path: Path
) -> None:
    engine = llama_server(write_tiny_gguf(tmp_path / "tiny.gguf", says=("Hi",)), context_tokens=1024)
    for _trial in range(2):
        with Client(engine.base_url, None, "tiny", cold=True) as client:
            ledger = Ledger()
            first, again, longer = ask(client), ask(client), ask(client, LONGER)
            ledger.add(first)
            ledger.add(longer)
        assert first.usage.tells_cached and first.usage.cached_tokens == 0 < 100 < first.usage.prompt_tokens
        assert again.usage.cached_tokens > 100 and longer.usage.cached_tokens > 100
        assert ledger.as_record()["cold_start"] is True
    with Client(engine.base_url, None, "tiny") as warm:
        ledger = Ledger()
        ledger.add(ask(warm))
    assert ledger.as_record()["cold_start"] is False, "without being asked to, it would not have been cold"


@pytest.mark.parametrize(
    ("engine", "before"), [("llama_cpp", False), ("lm_studio", True), ("openai_compatible", False)]
)
def test_where_it_cannot_be_asked_for_a_call_about_something_else_comes_first(engine: str, before: bool) -> None:
    with ScriptedEngine([Turn("a"), Turn("b"), Turn("c")]) as scripted:
        with Client(scripted.base_url, None, "tiny", engine, cold=True) as client:
            replies = [ask(client).text, ask(client).text]
        bodies = [received.body for received in scripted.requests]
    assert replies == (["b", "c"] if before else ["a", "b"])
    assert [body["max_tokens"] for body in bodies] == ([1, 4, 4] if before else [4, 4])
    assert [body["messages"] == PROMPT for body in bodies] == [not before, True, True][: len(bodies)]
    assert bodies[0].get("cache_prompt") == (False if engine == "llama_cpp" else None)
    assert all("cache_prompt" not in body for body in bodies[1:])
