# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judgements of smoke that need no engine."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke.applying import not_applied
from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke.calling import CONTENT, mangled
from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke.effects import Said, seed, temperature
from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke.rescue import found_again, kept, others
from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke.window import Sizes

HELD = (True, False, None)
TEMPLATE = {"chat_template": "{{ a }}", "chat_template_name": "a.jinja"}


@pytest.mark.parametrize(
    ("came_out", "how"),
    [
        (CONTENT.encode().decode("latin-1"), "latin-1"),
        (CONTENT.encode().decode("cp1252", errors="replace"), "cp1252"),
        (CONTENT.replace("é", "?").replace("Ü", "?").replace("→", "?"), "question marks"),
        (CONTENT.encode().decode("ascii", errors="replace"), "question marks"),
        (CONTENT.replace('"', "&quot;").replace("'", "&#x27;"), "HTML"),
    ],
)
def test_what_an_engine_does_to_a_text_has_a_name(came_out: str, how: str) -> None:
    assert how in str(mangled(CONTENT, came_out))
    assert how in str(mangled(CONTENT, came_out.rstrip("\n")))


@pytest.mark.parametrize(
    "written", ["", "name = cafe\n", CONTENT.rstrip("\n"), CONTENT.replace("é", "e"), CONTENT.replace("\\\\", "\\")]
)
def test_what_a_model_gets_wrong_itself_has_none(written: str) -> None:
    assert mangled(CONTENT, written) is None


@given(st.text(), st.text())
def test_any_two_texts_can_be_compared_and_a_text_is_never_its_own_mangling(wanted: str, got: str) -> None:
    mangled(wanted, got)
    assert mangled(wanted, wanted) is None


TEXTS = st.sampled_from(["a", "b", "c"])
REPLIES = st.builds(Said, st.tuples(TEXTS, TEXTS, TEXTS), st.tuples(TEXTS, TEXTS), st.tuples(TEXTS, TEXTS))


@given(REPLIES)
def test_no_reply_of_an_engine_is_read_as_more_than_it_shows(replies: Said) -> None:
    of_seed, of_temperature = seed(replies), temperature(replies)
    assert of_seed.ok and of_temperature.ok and of_seed.numbers["held"] in HELD
    if of_seed.numbers["held"]:
        assert replies.warm[0] == replies.warm[1]
    if of_temperature.numbers["held"]:
        assert replies.cold[0] == replies.cold[1] and replies.cold != replies.hot
    if of_temperature.numbers["held"] is False:
        assert replies.cold == replies.hot


@given(st.integers(512, 300_000), st.floats(5, 200), st.floats(1, 80), st.floats(0.3, 4))
def test_a_prompt_is_filled_to_the_token_or_to_the_word(window: int, base: float, sentence: float, word: float) -> None:
    sizes = Sizes(base, base, sentence, word)
    sentences, words = sizes.filled(window + 1, base)
    exact = base + sentences * sentence + words * word
    assert sentences >= 0 and words >= 0
    assert window + 1 - 1e-6 <= exact < window + 1 + word + 1e-6
    assert base + sizes.sentences(window, base) * sentence <= window + 1e-6


def check(name: str, held: bool | None, **numbers: Any) -> dict[str, Any]:
    return {"name": name, "ok": True, "detail": "as seen", "numbers": {"held": held, **numbers}}


def cell(factor: str | None, level: Any = None, **chat: Any) -> dict[str, Any]:
    return {"factor": factor, "level": level, "chat": {"temperature": 0.3, **chat}}


NEVER = check("reasoning", False, on=0, off=0)
ALWAYS = check("reasoning", False, on=9, off=9)
REFUSED = check("reasoning", False, on=None, off=None)


@pytest.mark.parametrize(
    ("config", "checks", "closed"),
    [
        (cell("temperature", 0.9), [check("temperature", False)], True),
        (cell("temperature", 0.9), [check("temperature", None)], False),
        (cell("temperature", 0.9), [check("temperature", True)], False),
        (cell("temperature", 0.9), [], False),
        (cell(None), [check("temperature", False), NEVER], False),
        (cell("top_p", 0.9), [check("temperature", False), ALWAYS], False),
        (cell("reasoning", "off", reasoning="off"), [ALWAYS], True),
        (cell("reasoning", False, reasoning=False), [ALWAYS], True),
        (cell(None, reasoning="off"), [ALWAYS], True),
        (cell("reasoning", "on", reasoning="on"), [ALWAYS], False),
        (cell("reasoning", "low", reasoning="low"), [ALWAYS], False),
        (cell("reasoning", "on", reasoning="on"), [NEVER], True),
        (cell("reasoning", "low", reasoning="low"), [NEVER], True),
        (cell("reasoning", "off", reasoning="off"), [NEVER], True),
        (cell(None, reasoning="off"), [NEVER], False),
        (cell("reasoning", "on", reasoning="on"), [REFUSED], True),
        (cell("reasoning", "off", reasoning="off"), [REFUSED], True),
        (cell("reasoning", "off", reasoning="off"), [check("reasoning", None)], False),
        (cell("reasoning", "off", reasoning="off"), [check("reasoning", True, on=9, off=0)], False),
    ],
)
def test_a_cell_is_closed_when_what_it_varies_was_shown_to_do_nothing(
    config: dict[str, Any], checks: list[dict[str, Any]], closed: bool
) -> None:
    assert (not_applied(config, checks, {}) is not None) == closed


def test_a_cell_of_the_factor_that_rescued_the_block_is_no_cell_of_its_own_any_more() -> None:
    assert "tool_style text" in str(not_applied(cell("tool_style", "text"), [], {"tool_style": "text"}))
    assert not_applied(cell(None), [], {"tool_style": "text"}) is None


def test_what_is_tried_is_the_catalog_s_in_its_order_and_calls_in_the_text_at_last() -> None:
    both = {**TEMPLATE, "tool_style": "text"}
    assert list(others([both, TEMPLATE], "native", True)) == [both, TEMPLATE, {"tool_style": "text"}]
    assert list(others([{"tool_style": "text"}, TEMPLATE], "native", True)) == [{"tool_style": "text"}, TEMPLATE]
    assert list(others([TEMPLATE], "text", True)) == [TEMPLATE]
    assert list(others([TEMPLATE], "native", False)) == [TEMPLATE]


def test_settings_are_found_again_by_what_was_written_down_of_them() -> None:
    written = kept(TEMPLATE)
    assert "chat_template" not in written and written["chat_template_name"] == "a.jinja"
    assert found_again(written, [{"tool_style": "text", **TEMPLATE}, TEMPLATE]) == TEMPLATE
    assert found_again(kept({"tool_style": "text"}), []) == {"tool_style": "text"}
    assert found_again(written, [{**TEMPLATE, "chat_template": "{{ b }}"}]) is None
