# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON as a model writes it, read as the standard says: anything else is a BadJson, however deep, long or odd."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NoReturn

MAX_DEPTH = 64


class BadJson(ValueError):
    """What is wrong with the text."""


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON value")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def loads(text: str) -> Any:
    try:
        return _checked(_DECODER.decode(text))
    except (ValueError, RecursionError) as error:
        raise BadJson(str(error)) from None


def value_at(text: str, start: int) -> tuple[Any, int]:
    """The value that begins here or after white space, and where it ends."""
    while text[start : start + 1].isspace():
        start += 1
    try:
        value, end = _DECODER.raw_decode(text, start)
        return _checked(value), end
    except (ValueError, RecursionError) as error:
        raise BadJson(str(error)) from None


def _checked(value: Any) -> Any:
    """What can be read in one place of the stack may be too deep to be written in another."""
    depth, level = 0, [value]
    while level := [inner for outer in level for inner in _inside(outer)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise BadJson(f"it is nested more than {MAX_DEPTH} deep")
    return value


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
