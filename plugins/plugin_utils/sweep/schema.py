# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check a document against a JSON schema; the schema's descriptions are the remedies."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .document import Document, Keys
from .errors import SweepFileInvalid, UnknownName

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

FOLDER = Path(__file__).parent


@functools.cache
def load_schema(name: str) -> dict[str, Any]:
    return dict(json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")))


@functools.cache
def _validator(name: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(load_schema(name), format_checker=Draft202012Validator.FORMAT_CHECKER)


def check(document: Document, name: str) -> None:
    """Raise for the first thing, in the order of the file, that the schema does not allow."""
    errors = list(_validator(name).iter_errors(document.data))
    if errors:
        raise min((_explained(document, error) for error in errors), key=lambda pair: pair[0])[1]


def check_value(document: Document, keys: Keys, value: Any, name: str, definition: str, key: str) -> None:
    """Check one value against one property of a definition in the schema: a factor's level against its setting."""
    schema = load_schema(name)["$defs"][definition]["properties"][key]
    validator = _validator(name).evolve(schema=schema)
    for error in validator.iter_errors(value):
        raise _explained(document, error, keys)[1]


def properties(name: str, definition: str) -> Iterable[str]:
    """The keys a definition in the schema knows."""
    return tuple(load_schema(name)["$defs"][definition]["properties"])


def settled(definition: str, values: dict[str, Any]) -> dict[str, Any]:
    """Settings of a sweep, of one kind each: 0 and 0.0 are one temperature, and YAML's `on` (true) is a level on."""
    known = load_schema("sweep")["$defs"][definition]["properties"]
    plain = {}
    for key, value in values.items():
        declared = known[key].get("type")
        if declared == "number":
            value = float(value) + 0.0  # -0.0 is 0.0
        elif declared == "integer":
            value = int(value)
        elif isinstance(value, bool) and declared != "boolean":
            value = "on" if value else "off"
        plain[key] = value
    return plain


def _explained(
    document: Document, error: ValidationError, prefix: Keys = ()
) -> tuple[tuple[int, int], SweepFileInvalid | UnknownName]:
    """Where the error stands in the file, and the error as a user is to read it."""
    keys: Keys = (*prefix, *error.absolute_path)
    schema: Any = error.schema
    given: Any = error.instance
    described = schema.get("description")
    named = _named(keys) or "the file"
    problem = f"{named} is {_shown(given)}"
    if error.validator == "additionalProperties":
        unknown = next(key for key in given if key not in schema["properties"])
        keys = (*keys, unknown)
        failure = UnknownName(document.where(*keys), f"key of {named}", unknown, schema["properties"])
        return document.marks.get(keys, (1, 1)), failure
    if error.validator == "required":
        missing = next(key for key in schema["required"] if key not in given)
        problem = f"{named} has no {missing!r}"
        described = schema["properties"][missing].get("description", described)
    elif error.validator == "maxProperties" and keys[0] == "cells":
        problem = f"{named} changes {_counted(len(given))} factors ({', '.join(given)})"
    elif "propertyNames" in error.absolute_schema_path:
        problem = f"{_shown(given)} cannot be a key of {named}"
        keys = (*keys, given)
    place = document.marks.get(keys, (1, 1))
    return place, SweepFileInvalid(f"{document.where(*keys)}: {problem}.", described or f"{error.message}.")


def _named(keys: Keys) -> str:
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text


def _shown(value: Any) -> str:
    text = "empty" if value is None else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _counted(number: int) -> str:
    return {2: "two", 3: "three"}.get(number, str(number))
