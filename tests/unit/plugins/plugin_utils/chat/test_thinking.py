# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasoning in a model's text, in the shapes it is seen in."""

from __future__ import annotations

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.chat.thinking import HARMONY, Split, split


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>\nLet me see.\n</think>\n\nDone.", Split("Done.", "Let me see.", "<think>")),
        (" \n<thinking>a</thinking>b", Split("b", "a", "<thinking>")),
        ("[THINK]a[/THINK]b", Split("b", "a", "[THINK]")),
        ("<|channel>thought\na<channel|>b", Split("b", "a", "<|channel>thought")),
        # What Qwen3 writes when it shall not think.
        ("<think>\n\n</think>\n\nDone.", Split("Done.", "", "<think>")),
        ("<think>a</think><think>b</think>c", Split("c", "a\n\nb", "<think>")),
        # Cut off, or never closed.
        ("<think>Let me", Split("", "Let me", "<think>")),
        ("<think>", Split("", "", "<think>")),
        # The template opened it.
        ("Let me see.\n</think>\n\nDone.", Split("Done.", "Let me see.", "<think>")),
        ('It is "42"</think>Done.', Split("Done.", 'It is "42"', "<think>")),
        ("a[/THINK]b", Split("b", "a", "[THINK]")),
        # A tag that is talked about while thinking.
        (
            "<think>I close with `</think>` later.</think>Done.",
            Split("Done.", "I close with `</think>` later.", "<think>"),
        ),
    ],
)
def test_reasoning_that_opens_the_text_is_taken_out(text: str, expected: Split) -> None:
    assert split(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  Done.\n",
        "The tag <think> opens a block and </think> closes it.",
        "Use `</think>` to close it.",
        'print("<think>")',
        "<thin",
        "< think>no</ think>",
    ],
)
def test_an_answer_without_reasoning_is_left_as_it_is(text: str) -> None:
    assert split(text) == Split(text)


def test_channels_of_gpt_oss_that_leak_are_told_apart() -> None:
    leaked = (
        "<|channel|>analysis<|message|>The user greets.<|end|><|start|>assistant<|channel|>commentary<|message|>First:"
        "<|end|><|start|>assistant<|channel|>final<|message|>Hello!<|return|>"
    )
    assert split(leaked) == Split("First:Hello!", "The user greets.", HARMONY)
    assert split("<|channel|>final<|message|>Hello!") == Split("Hello!")
    cut = split("<|channel|>analysis<|message|>The us")
    assert (cut.text, cut.reasoning) == ("", "The us")


def test_a_leaked_message_to_a_tool_stays_in_the_text() -> None:
    call = "<|start|>assistant<|channel|>commentary to=functions.push <|constrain|>json<|message|>{}<|call|>"
    assert split("<|channel|>analysis<|message|>Push.<|end|>" + call) == Split(call, "Push.", HARMONY)
