# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What smoke makes of an able model with one fault. The engine is played; HTTP, streams and counts are real."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import EngineFailure
from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke import checks, talk
from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke.checks import LIMITS_SECONDS, Smoked, smoke
from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke.speed import prefill
from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke.talk import EngineLost, NotReloaded, Settings, Subject
from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke.window import counts_tokens, recalls_the_head
from ansible_collections.local_llm.lab.tests.fakes.able_model import AbleModel
from ansible_collections.local_llm.lab.tests.fakes.serving import Call, Reply

WINDOW_TOKENS = 40000  # so that both long prompts fit
ORDER = [
    "answers",
    "stops",
    "calls_a_tool",
    "counts_tokens",
    "refuses_over_window",
    "refuses_long_history",
    "echoes_a_file",
    "reuses_the_prompt",
    "seed",
    "temperature",
    "reasoning",
    "recalls_the_head",
    "prefill_8k",
    "prefill_32k",
    "generates",
]
TEMPLATE = {"chat_template": "{# the other one #}", "chat_template_name": "other.jinja"}


def no_reload(settings: Settings) -> str:
    raise AssertionError("nothing was to be loaded again")


def run(
    *faults: str,
    chat: dict[str, Any] | None = None,
    alternatives: Sequence[Settings] = (),
    reload: Callable[[AbleModel, Settings], str] | None = None,
    known: Settings | None = None,
    engine: str = "llama_cpp",
    window_tokens: int = WINDOW_TOKENS,
) -> Smoked:
    with AbleModel(*faults, window_tokens=window_tokens) as model:
        subject = Subject("able", model.base_url, None, engine, "able", window_tokens, chat or {}, alternatives)
        reloaded = (lambda settings: reload(model, settings)) if reload else no_reload
        return smoke(subject, reloaded, lambda line: None, known)


def by_name(smoked: Smoked) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in smoked.checks}


def test_an_able_model_holds_everything_and_is_measured() -> None:
    smoked = run()
    found = by_name(smoked)
    assert smoked.ok and list(found) == ORDER and smoked.settings == {}
    assert [name for name, check in found.items() if check["numbers"]["held"] is not True] == []
    assert smoked.applied == {"seed": True, "temperature": True, "reasoning": True}
    over = found["refuses_over_window"]["numbers"]
    assert over["prompt_tokens"] == over["window_tokens"] + 1 == WINDOW_TOKENS + 1
    recalled = found["recalls_the_head"]["numbers"]["prompt_tokens"]
    assert 0.89 * WINDOW_TOKENS < recalled <= 0.9 * WINDOW_TOKENS
    assert found["prefill_8k"]["numbers"]["prompt_tokens"] == pytest.approx(8192, abs=30)
    assert found["prefill_32k"]["numbers"]["prompt_tokens"] == pytest.approx(32768, abs=30)
    assert found["prefill_32k"]["numbers"]["prompt_tokens_per_second"] > 0
    assert found["generates"]["numbers"]["generated_tokens_per_second"] > 0
    assert 0.5 < found["reuses_the_prompt"]["numbers"]["share"] < 1


@pytest.mark.parametrize(
    ("fault", "name", "said"),
    [
        ("says_nothing", "answers", "''"),
        ("never_stops", "stops", "not at its end after 1024 tokens, in 2 tries"),
        ("ignores_limit", "stops", "tokens came where 2 were the limit"),
        ("says_stop_at_limit", "stops", "ended with 'stop'"),
        ("calls_nothing", "calls_a_tool", "no well-formed call in 3 replies"),
        ("counts_nothing", "counts_tokens", "does not count"),
        ("counts_alike", "counts_tokens", "that is no count"),
        ("takes_all_in", "refuses_over_window", "truncates silently"),
        ("latin_1", "echoes_a_file", "UTF-8 that was read as latin-1"),
        ("question_marks", "echoes_a_file", "question marks for letters"),
    ],
)
def test_what_no_trial_can_do_without_ends_the_smoke_with_the_reason(fault: str, name: str, said: str) -> None:
    smoked = run(fault)
    assert not smoked.ok
    last = smoked.checks[-1]
    assert (last["name"], last["ok"]) == (name, False) and said in last["detail"]
    assert all(check["ok"] for check in smoked.checks[:-1])


@pytest.mark.parametrize(
    ("faults", "name", "held", "said"),
    [
        (["ignores_seed"], "seed", False, "the same seed twice gives two texts"),
        (["ignores_temperature"], "temperature", False, "the same texts at 0.0 and at 1.5"),
        (["always_greedy"], "temperature", False, "the same texts"),
        (["always_greedy"], "seed", None, "not to be told"),
        (["ignores_seed", "ignores_temperature"], "temperature", None, "does not repeat itself"),
        (["same_to_all", "calls_in_text_only"], "calls_a_tool", False, "no well-formed call"),
        (["refuses_heat"], "temperature", None, "skipped: The engine answered with status 400: temperature"),
        (["never_reasons"], "reasoning", False, "no reasoning comes"),
        (["always_reasons"], "reasoning", False, "although it is switched off"),
        (["refuses_reasoning"], "reasoning", False, "on is refused"),
        (["shortens_history"], "refuses_long_history", False, "truncates silently"),
        (["refuses_namelessly"], "refuses_over_window", True, "does not name the window"),
        (["forgets_at_length"], "recalls_the_head", False, "is not recalled, that of a short one is"),
        (["writes_something_else"], "echoes_a_file", False, "not byte for byte in 3 tries"),
        (["drops_cached"], "reuses_the_prompt", False, "nothing of the second turn's prompt"),
    ],
)
def test_what_is_only_worth_knowing_is_found_and_the_trials_run(
    faults: list[str], name: str, held: bool | None, said: str
) -> None:
    smoked = run(*faults)
    check = by_name(smoked)[name]
    assert check["numbers"]["held"] is held and said in check["detail"]
    if name != "calls_a_tool":
        assert smoked.ok and set(by_name(smoked)) == set(ORDER)
    if name in smoked.applied:
        assert smoked.applied[name] is held


def test_a_part_of_a_history_that_is_dropped_within_the_window_is_seen_in_the_count() -> None:
    smoked = run("drops_early")
    assert not smoked.ok and "a part was dropped" in smoked.checks[-1]["detail"]


def test_an_engine_that_a_long_prompt_ends_is_told_from_an_outage() -> None:
    with pytest.raises(EngineLost) as lost:
        run("dies_over_window")
    last = lost.value.checks[-1]
    assert (last["name"], last["ok"]) == ("refuses_over_window", False)
    assert "did not survive it" in last["detail"] and len(lost.value.checks) == 5


def test_an_engine_that_is_not_there_is_nobody_s_finding() -> None:
    with AbleModel() as model:
        base_url = model.base_url
    with pytest.raises(EngineFailure):
        smoke(Subject("able", base_url, None, "llama_cpp", "able", 2048), no_reload, lambda line: None)


def test_what_is_not_at_its_end_in_time_is_skipped_or_fails_as_it_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS_SECONDS, "reasoning", 0.0)
    smoked = run()
    assert smoked.ok and "skipped: it was not at its end" in by_name(smoked)["reasoning"]["detail"]
    monkeypatch.setitem(LIMITS_SECONDS, "counts_tokens", 0.0)
    smoked = run()
    assert not smoked.ok and smoked.checks[-1]["name"] == "counts_tokens"
    assert "not at its end" in smoked.checks[-1]["detail"]


def test_when_the_time_for_the_rest_is_up_the_rest_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "REST_SECONDS", 0.0)
    smoked = run()
    assert smoked.ok and list(by_name(smoked)) == ORDER
    assert {name for name, check in by_name(smoked).items() if check["numbers"]["held"] is None} == set(ORDER[5:])


def test_an_engine_that_is_silent_over_its_window_took_the_prompt_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS_SECONDS, "refuses_over_window", 3.0)
    monkeypatch.setattr(talk, "GRACE_SECONDS", 0.1)
    smoked = run("silent_over_window", window_tokens=2048)
    assert not smoked.ok and "neither refused nor answered" in smoked.checks[-1]["detail"]


def test_a_cloud_is_asked_nothing_about_its_window_and_no_long_prompt() -> None:
    smoked = run(engine="openai_compatible")
    found = by_name(smoked)
    assert smoked.ok and "a cloud's window is its own" in found["refuses_over_window"]["detail"]
    assert found["recalls_the_head"]["numbers"]["prompt_tokens"] <= 8192
    assert found["recalls_the_head"]["numbers"]["bound"] == "a cloud's prompt is paid for"
    assert found["prefill_32k"]["numbers"]["held"] is None


def test_prompts_are_as_long_as_the_speed_allows_in_their_time() -> None:
    with AbleModel(window_tokens=WINDOW_TOKENS) as model:
        model.prompt_per_second = 100.0
        asked = talk.Talk(Subject("able", model.base_url, None, "llama_cpp", "able", WINDOW_TOKENS), {})
        asked.until = time.monotonic() + 200
        sizes = counts_tokens(asked)[1]
        assert sizes is not None
        recalled = recalls_the_head(asked, sizes, keeps_all=True)
        slow = prefill(asked, sizes, "prefill_32k")
        asked.close()
    assert recalled.numbers["held"] and recalled.numbers["prompt_tokens"] <= 10_000
    assert "the engine reads no more" in recalled.detail and recalled.numbers["bound"]
    assert slow.numbers["held"] is None and "at the speed of shorter prompts" in slow.detail


def test_where_calls_fail_they_are_tried_in_the_text_and_what_works_is_told() -> None:
    smoked = run("calls_in_text_only")
    found = by_name(smoked)
    assert smoked.ok and smoked.settings == {"tool_style": "text"}
    assert found["calls_a_tool"]["numbers"]["tool_style"] == "text"
    assert found["echoes_a_file"]["numbers"]["held"] is True
    assert found["rescued"]["numbers"]["settings"] == {"tool_style": "text"}
    assert "no well-formed call in 3 replies" in found["rescued"]["detail"]


def test_calls_that_the_engine_leaves_in_the_text_are_named() -> None:
    smoked = run("call_in_text", chat={"tool_style": "native"})
    assert "the engine left in the text" in by_name(smoked)["rescued"]["detail"]


def test_another_template_needs_another_load_and_comes_before_the_text() -> None:
    loads = []

    def reload(model: AbleModel, settings: Settings) -> str:
        loads.append(settings.get("chat_template_name"))
        model.template = settings.get("chat_template")
        return "able:2"

    bad = {"chat_template": "{# a third one #}", "chat_template_name": "third.jinja", "tool_style": "text"}
    smoked = run("calls_with_template_only", alternatives=[TEMPLATE, bad], reload=reload)
    assert smoked.ok and smoked.settings == TEMPLATE and smoked.model == "able:2"
    assert loads == ["other.jinja"]
    settings = by_name(smoked)["rescued"]["numbers"]["settings"]
    assert settings["chat_template_name"] == "other.jinja" and len(settings["chat_template_sha256"]) == 64


def test_a_template_that_cannot_be_loaded_is_passed_over_and_the_asked_one_is_back_for_the_text() -> None:
    loads = []

    def reload(model: AbleModel, settings: Settings) -> str:
        loads.append(settings.get("chat_template_name"))
        if "chat_template" in settings:
            raise NotReloaded("unexpected token")
        return "able"

    smoked = run("calls_in_text_only", alternatives=[TEMPLATE], reload=reload)
    assert smoked.ok and smoked.settings == {"tool_style": "text"}
    assert loads == ["other.jinja", None]
    assert "other.jinja: unexpected token" in by_name(smoked)["rescued"]["detail"]


def test_a_model_that_never_calls_is_given_up_after_all_that_was_tried() -> None:
    smoked = run("calls_nothing", alternatives=[TEMPLATE], reload=lambda model, settings: "able")
    assert not smoked.ok and smoked.settings != TEMPLATE
    assert [check["name"] for check in smoked.checks] == ["answers", "stops", "calls_a_tool"]
    detail = smoked.checks[-1]["detail"]
    assert "the chat template other.jinja, calls_a_tool" in detail and "tool_style text, calls_a_tool" in detail


def test_a_model_that_does_not_answer_is_not_tried_with_calls_in_the_text() -> None:
    smoked = run("says_nothing")
    assert "tool_style" not in smoked.checks[-1]["detail"]


def test_a_load_config_that_was_smoked_before_is_only_seen_to_answer() -> None:
    loads = []

    def reload(model: AbleModel, settings: Settings) -> str:
        loads.append(settings["chat_template_name"])
        return "able"

    smoked = run(known=TEMPLATE, reload=reload)
    assert smoked.ok and smoked.settings == TEMPLATE and loads == ["other.jinja"]
    assert [check["name"] for check in smoked.checks] == ["answers", "rescued"]
    assert [check["name"] for check in run(known={}).checks] == ["answers"]


class Waiting(AbleModel):
    """Its first answer waits until something was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.heard = threading.Event()

    def tell(self, line: str) -> None:
        self.told.append(line)
        self.heard.set()

    def respond(self, call: Call) -> Reply:
        self.heard.wait(60)
        return super().respond(call)


def test_a_check_that_takes_its_time_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "TELL_SECONDS", 0.1)
    with Waiting() as model:
        smoke(Subject("able on box", model.base_url, None, "llama_cpp", "able", 2048), no_reload, model.tell)
        assert model.told[0] == "smoke of able on box: answers takes its time, 120 s at most"
