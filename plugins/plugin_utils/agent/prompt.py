# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every word the agent says to the model. Part of the stack: a change here starts a new generation."""

from __future__ import annotations

SYSTEM = (
    "You are a coding agent in a git repository. Work only by calling tools. "
    "When the work is done, call push, then call submit."
)
NUDGE = "You called no tool. Call the next tool. When the work is done: push, then submit."
CONTINUE = "Your reply was cut off at its length limit. Go on, but keep it short and call a tool."
CUT_OFF = "not run: the call was cut off at the length limit of a reply. Make it shorter, or use several calls."
NOT_PUSHED = "refused: nothing has been pushed yet. Call push first."
TIME_UP = "not run: the time is up."
SUMMARISE = (
    "Your context is nearly full. Write down what you need to go on: what was asked, what you found out, what you have "
    "changed in which files, what the tests said last, what is left to do. Call no tool."
)
SUMMARY = "Earlier work, in your own words:"


def refused(name: str, allowed: str) -> str:
    return f"refused: {name} is not one of your tools. They are: {allowed}."


def malformed(name: str, what: str) -> str:
    return f"error: the call{' of ' + name if name else ''} was not run, {what}."


def used(turns: int, of_turns: int, tokens: int, of_tokens: int) -> str:
    return f"\n[used: {turns} of {of_turns} turns, {tokens} of {of_tokens} tokens]"
