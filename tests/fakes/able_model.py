# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator: an OpenAI-shaped engine with a model that can do all that smoke asks, but for the faults it is given.

A token is a word. Usage, timings and the refusal of a prompt over the window are as llama.cpp b11549 has them.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .serving import Call, Reply, Serving, json_reply
from .wires import delta, event, fragment

FAULTS = (
    "ignores_seed",
    "ignores_temperature",
    "always_greedy",
    "same_to_all",
    "takes_all_in",
    "shortens_history",
    "drops_early",
    "dies_over_window",
    "silent_over_window",
    "refuses_namelessly",
    "forgets_at_length",
    "never_stops",
    "ignores_limit",
    "says_stop_at_limit",
    "says_nothing",
    "counts_nothing",
    "counts_alike",
    "call_in_text",
    "calls_nothing",
    "calls_in_text_only",
    "calls_with_template_only",
    "latin_1",
    "question_marks",
    "writes_something_else",
    "drops_cached",
    "never_reasons",
    "always_reasons",
    "refuses_reasoning",
    "refuses_heat",
)
WORDS = (
    "oak",
    "elm",
    "ash",
    "fir",
    "yew",
    "bay",
    "box",
    "fig",
    "nut",
    "hop",
    "rye",
    "oat",
    "pea",
    "bean",
    "leek",
    "mint",
)
MESSAGE_TOKENS = 4


@dataclass
class Said:
    reasoning: str = ""
    text: str = ""
    name: str = ""
    arguments: str = ""


class AbleModel(Serving):
    """A context manager on a free loopback port. `template`: what it is loaded with, for `calls_with_template_only`."""

    def __init__(self, *faults: str, window_tokens: int = 2048) -> None:
        super().__init__()
        assert set(faults) <= set(FAULTS), faults
        self.faults = set(faults)
        self.window_tokens = window_tokens
        self.template: str | None = None
        self.prompt_per_second = 1e6
        self.requests: list[dict[str, Any]] = []
        self._before: list[str] = []
        self._dead = False
        self._drawn = itertools.count()

    def respond(self, call: Call) -> Reply:
        if self._dead:
            return json_reply({"error": {"message": "gone", "type": "server_error"}}, 503)
        body = call.json()
        self.requests.append(body)
        if "refuses_reasoning" in self.faults and "chat_template_kwargs" in body:
            return _error(400, "Unrecognized request argument supplied: reasoning")
        if "refuses_heat" in self.faults and body.get("temperature", 0) > 1:
            return _error(400, "temperature: must be from 0 to 1")
        prompt = self._prompt(body)
        if len(prompt) >= self.window_tokens:
            for fault, answer in (
                ("dies_over_window", self._die),
                ("silent_over_window", lambda: self._silence(call)),
                ("refuses_namelessly", lambda: _error(500, "something went wrong")),
            ):
                if fault in self.faults:
                    return answer()
            turns = any(message["role"] == "assistant" for message in body["messages"])
            if "takes_all_in" not in self.faults and not ("shortens_history" in self.faults and turns):
                message = (
                    f"request ({len(prompt)} tokens) exceeds the available context size ({self.window_tokens} tokens)"
                )
                return _error(400, message, "exceed_context_size_error")
            prompt = prompt[-self.window_tokens + 1 :]
        if "drops_early" in self.faults:
            prompt = prompt[-self.window_tokens // 2 :]
        return Reply(body=b"".join(self._stream(body, prompt)), kind="text/event-stream")

    def _prompt(self, body: dict[str, Any]) -> list[str]:
        words = ["tools", *json.dumps(body["tools"]).split()] if body.get("tools") else []
        for message in body["messages"]:
            words += [message["role"], *["|"] * (MESSAGE_TOKENS - 1), *str(message["content"]).split()]
        return words

    def _die(self) -> Reply:
        self._dead = True
        return _error(500, "The model has crashed without additional information.")

    def _silence(self, call: Call) -> Reply:
        self.wait_for_hang_up(call)
        return _error(500, "nobody is there to hear it")

    def _stream(self, body: dict[str, Any], prompt: list[str]) -> Iterator[bytes]:
        said, limit = self._said(body, prompt), int(body["max_tokens"])
        endless = "never_stops" in self.faults or ("ignores_limit" in self.faults and limit < 8)
        words = said.text.split() + said.reasoning.split() + said.name.split() + said.arguments.split()
        if endless:
            said.text = " ".join(itertools.islice(itertools.cycle(words or ["word"]), max(limit, 8)))
            words = said.text.split()
        cut = len(words) > limit or ("never_stops" in self.faults)
        if cut and "ignores_limit" not in self.faults:
            said = Said(" ".join(said.reasoning.split()[:limit]), " ".join(said.text.split()[:limit]))
            words = words[:limit]
        finish = "length" if cut and "says_stop_at_limit" not in self.faults else "stop"
        yield event(delta(role="assistant", content=None))
        if said.reasoning:
            yield event(delta(reasoning_content=said.reasoning))
        if said.text:
            yield event(delta(content=said.text))
        if said.name:
            yield event(delta(tool_calls=[fragment(0, said.arguments, said.name, "call-0")]))
            finish = "tool_calls"
        yield event(delta(finish))
        yield from self._counts(prompt, len(words))
        yield b"data: [DONE]\n\n"

    def _counts(self, prompt: list[str], generated: int) -> Iterator[bytes]:
        pairs = zip(prompt, self._before, strict=False)
        cached = sum(1 for _pair in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
        self._before = prompt
        if "counts_nothing" in self.faults:
            return
        counted = 90 if "counts_alike" in self.faults else len(prompt)
        cached = 0 if "drops_cached" in self.faults else min(cached, counted - 1)
        usage = {"prompt_tokens": counted, "completion_tokens": generated}
        timings = {
            "prompt_n": counted - cached,
            "prompt_per_second": self.prompt_per_second,
            "predicted_per_second": 1e4,
        }
        details = {"prompt_tokens_details": {"cached_tokens": cached}}
        yield event({"choices": [], "usage": {**usage, **details}, "timings": timings})

    def _said(self, body: dict[str, Any], prompt: list[str]) -> Said:
        asked, system = str(body["messages"][-1]["content"]), str(body["messages"][0]["content"])
        if "says_nothing" in self.faults:
            return Said()
        if "same_to_all" in self.faults:
            return Said(text="Always the same.")
        if asked.startswith("Create the file"):
            return self._written(asked, bool(body.get("tools")), "```tool" in system)
        if "password" in asked:
            return Said(text=self._password(prompt))
        if "sheep" in asked:
            return self._reasoned(body)
        if asked.startswith("Invent"):
            return Said(text=self._drawn_words(body))
        return Said(text="Hello there." if "hello" in asked else "one two three four five six")

    def _password(self, prompt: list[str]) -> str:
        if "forgets_at_length" in self.faults and len(prompt) > self.window_tokens // 2:
            return "I do not know."
        known = re.search(r"The password of this text is (\w+)\.", " ".join(prompt))
        return f"It is {known[1]}." if known else "I do not know."

    def _written(self, asked: str, offered: bool, in_text: bool) -> Said:
        inside = re.search(r"---\n(.*)---\Z", asked, re.DOTALL)
        content = inside[1] if inside else "ok"
        if inside and "latin_1" in self.faults:
            content = content.encode().decode("latin-1")
        if inside and "question_marks" in self.faults:
            content = "".join(letter if letter.isascii() else "?" for letter in content)
        if inside and "writes_something_else" in self.faults:
            content = "name = cafe\n"
        arguments = json.dumps({"path": "echo.py", "content": content})
        block = f'```tool\n{{"name": "write_file", "arguments": {arguments}}}\n```'
        if in_text:
            return Said(text="I would rather not." if "calls_nothing" in self.faults else block)
        refuses = {"calls_nothing", "calls_in_text_only"} & self.faults
        if not offered or refuses or ("calls_with_template_only" in self.faults and self.template is None):
            return Said(text="I would rather not.")
        if "call_in_text" in self.faults:
            return Said(text=f'<tool_call>\n{{"name": "write_file", "arguments": {arguments}}}\n</tool_call>')
        return Said(name="write_file", arguments=arguments)

    def _reasoned(self, body: dict[str, Any]) -> Said:
        wanted = (body.get("chat_template_kwargs") or {}).get("enable_thinking", True)
        thinks = (wanted or "always_reasons" in self.faults) and "never_reasons" not in self.faults
        return Said("Nine are left since all but nine ran." if thinks else "", "Nine.")

    def _drawn_words(self, body: dict[str, Any]) -> str:
        seed = f"draw {next(self._drawn)}" if "ignores_seed" in self.faults else str(body.get("seed"))
        temperature = 0.8 if "ignores_temperature" in self.faults else float(body.get("temperature", 0.8))
        if not temperature or "always_greedy" in self.faults:
            seed = temperature = "greedy"  # type: ignore[assignment]
        return " ".join(random.Random(f"{seed} at {temperature}").choices(WORDS, k=16))


def _error(status: int, message: str, kind: str = "invalid_request_error") -> Reply:
    return json_reply({"error": {"code": status, "message": message, "type": kind}}, status)
