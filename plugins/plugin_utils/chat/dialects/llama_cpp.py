# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""llama.cpp's server.

Reasoning is a matter of the chat template, which gets `chat_template_kwargs`: `enable_thinking` turns it on and off,
`reasoning_effort` is read by the templates that know degrees (`/props` says so in `chat_template_caps`). A template
that reads neither changes nothing and says nothing: look at the reasoning tokens.

`return_progress` makes the server send chunks while it reads a long prompt, so that a slow prompt is no silence;
`timings_per_token` counts the tokens along the way, for the stream that is stopped. `cache_prompt` off makes it read a
prompt anew, and keep it for the next call all the same.

The raw text of a reply cannot be had beside the parsed one: a stream's `verbose` object has it empty and repeats the
whole prompt. `tool_choice: none` with `reasoning_format: none` gives it, but without the grammar that guards a call,
so it is another reply. What a parse error says and what was streamed before it is all there is.
"""

from __future__ import annotations

from typing import Any

from .base import EFFORTS, Dialect


class LlamaCpp(Dialect):
    def with_reasoning(self, options: dict[str, Any], wanted: str) -> dict[str, Any]:
        kwargs: dict[str, Any] = {"enable_thinking": wanted != "off"}
        if wanted in EFFORTS:
            kwargs["reasoning_effort"] = wanted
        return {**options, "chat_template_kwargs": {**kwargs, **(options.get("chat_template_kwargs") or {})}}

    def finished(self, body: dict[str, Any]) -> dict[str, Any]:
        return {**super().finished(body), "timings_per_token": True, "return_progress": True}

    def cold(self, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "cache_prompt": False}
