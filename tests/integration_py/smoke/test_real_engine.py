# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Smoke against the real llama.cpp: tiny models that say what they are built to say, and the demo model."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import LoadRequest
from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke import checks
from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke.checks import Smoked, smoke
from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke.talk import Settings, Subject
from ansible_collections.local_llm.lab.tests.fakes.tiny_gguf import (
    CALL,
    CALL_TEMPLATE,
    CHAT_TEMPLATE,
    THINKING,
    write_tiny_gguf,
)

ROOT = Path(__file__).resolve().parents[3]
WINDOW_TOKENS = 2048


def run(engine: Any, reload: Callable[[Settings], str], alternatives: tuple[Settings, ...] = ()) -> Smoked:
    (instance,) = engine.loaded()
    chat = {"temperature": 0.3}
    window = instance.context_tokens
    subject = Subject("tiny", engine.base_url, None, "llama_cpp", instance.id, window, chat, alternatives)
    return smoke(subject, reload, lambda line: None)


def no_reload(settings: Settings) -> str:
    raise AssertionError("nothing was to be loaded again")


def numbers(smoked: Smoked, name: str) -> dict[str, Any]:
    return next(check["numbers"] for check in smoked.checks if check["name"] == name)


def test_the_window_is_found_to_the_token_and_a_model_with_one_answer_shows_nothing_of_its_sampling(
    llama_server: Callable[..., Any], calling_gguf: Path
) -> None:
    smoked = run(llama_server(calling_gguf, context_tokens=WINDOW_TOKENS), no_reload)
    assert smoked.ok, smoked.checks
    over = numbers(smoked, "refuses_over_window")
    assert WINDOW_TOKENS < over["prompt_tokens"] <= WINDOW_TOKENS + 2 and over["held"]
    assert numbers(smoked, "refuses_long_history")["held"] is True
    assert smoked.applied == {"seed": None, "temperature": None, "reasoning": False}
    assert numbers(smoked, "reuses_the_prompt")["share"] > 0.3
    assert numbers(smoked, "echoes_a_file")["held"] is False


def test_the_reasoning_switch_of_a_template_is_seen(llama_server: Callable[..., Any], tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "tiny.gguf", says=("<think>", "I see", "</think>", *CALL))
    smoked = run(llama_server(path, context_tokens=WINDOW_TOKENS, chat_template=THINKING), no_reload)
    assert smoked.ok, smoked.checks
    assert smoked.applied["reasoning"] is True, numbers(smoked, "reasoning")
    assert numbers(smoked, "reasoning")["on"] > 0 and numbers(smoked, "reasoning")["off"] == 0


def test_a_random_model_is_given_up(llama_server: Callable[..., Any], tiny_gguf: Path) -> None:
    smoked = run(llama_server(tiny_gguf, context_tokens=WINDOW_TOKENS), no_reload)
    assert not smoked.ok and smoked.settings == {}
    assert smoked.checks[-1]["name"] in ("stops", "calls_a_tool"), smoked.checks


def test_a_template_without_tools_is_replaced_by_the_catalog_s_other_one(
    llama_server: Callable[..., Any], calling_gguf: Path
) -> None:
    engine = llama_server(calling_gguf, context_tokens=WINDOW_TOKENS, chat_template=CHAT_TEMPLATE)

    def reload(settings: Settings) -> str:
        (before,) = engine.loaded()
        engine.unload(before.id)
        request = LoadRequest("tiny", str(calling_gguf), WINDOW_TOKENS, chat_template=settings.get("chat_template"))
        return str(engine.load(request, timeout_seconds=60).id)

    other = {"chat_template": CALL_TEMPLATE, "chat_template_name": "calls.jinja"}
    smoked = run(engine, reload, (other,))
    assert smoked.ok and smoked.settings == other, smoked.checks
    assert "calls.jinja works" in next(check["detail"] for check in smoked.checks if check["name"] == "rescued")


@pytest.mark.timeout(600)
def test_the_demo_model_passes(
    llama_server: Callable[..., Any], smollm2_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What gates; what only measures takes its time on a busy machine and is looked at in the night."""
    if not os.environ.get("LAB_NIGHTLY"):
        monkeypatch.setattr(checks, "REST_SECONDS", 0.0)
    template = (ROOT / "inventory" / "templates" / "smollm2-tools.jinja").read_text()
    smoked = run(llama_server(smollm2_gguf, context_tokens=WINDOW_TOKENS, chat_template=template), no_reload)
    assert smoked.ok and smoked.settings == {}, smoked.checks
    assert numbers(smoked, "refuses_over_window")["prompt_tokens"] == WINDOW_TOKENS + 1
    # Skipped where the time was up; what was made is true of this model.
    assert smoked.applied["seed"] in (True, None) and smoked.applied["temperature"] in (True, None), smoked.checks
    assert smoked.applied["reasoning"] in (False, None)
    assert numbers(smoked, "echoes_a_file")["held"] in (False, None)
