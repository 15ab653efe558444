# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engine options as an inventory writes them, read into what they mean."""

from __future__ import annotations

from typing import Any

from .base import EngineError

KV_TYPES = ("f16", "q8_0", "q4_0")
SPECULATIVE = ("off", "mtp", "draft")
SWITCHES = ("auto", "on", "off")


def slots(value: Any) -> int | None:
    """`parallel`; None where it is not said."""
    try:
        number = int(value) if value not in (None, "") else None
    except (TypeError, ValueError):
        number = 0
    if number is not None and number < 1:
        raise EngineError(f"parallel = {str(value)[:40]!r} is no number of slots.", "correct lab_engine_options")
    return number


def switch(value: Any) -> str | None:
    """`flash_attention`, which is a boolean in YAML unless it is quoted."""
    return _one_of("flash_attention", "on" if value is True else "off" if value is False else value, SWITCHES)


def kv_type(value: Any) -> str | None:
    return _one_of("kv_type", value, KV_TYPES)


def programs(value: Any, default: tuple[str, ...]) -> tuple[str, ...]:
    """`processes`: one name or several."""
    return (str(value),) if isinstance(value, str) and value else tuple(map(str, value or default))


def _one_of(name: str, value: Any, choices: tuple[str, ...]) -> str | None:
    if value in (None, ""):
        return None
    if value not in choices:
        raise EngineError(
            f"{name} = {str(value)[:40]!r} is none of {', '.join(choices)}.", "correct lab_engine_options"
        )
    return str(value)
