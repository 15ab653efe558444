# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that do not all say the same, kept as columns that do, each of one type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..sweep.digest import canonical

# Texts from outside may quote anything, a key in an address included: they stay in the store and in the transcripts.
QUOTES = frozenset({"error", "reason"})
# Their names become columns (`budgets_turns`). Any other mapping, and every list, is JSON in one column.
TAKEN_APART = frozenset({"load", "chat", "budgets", "applied", "probe", "used", "scores", "handed"})


class Columns:
    """Columns in the order in which they were first met; a row that does not have one has None there."""

    def __init__(self) -> None:
        self.rows = 0
        self._columns: dict[str, list[Any]] = {}
        self._kept: dict[str, str] = {}

    def add(self, *parts: Mapping[str, Any]) -> None:
        """One row; where two parts have the same name, the first counts."""
        for part in parts:
            for name, value in part.items():
                self._put(name, name, value)
        self.rows += 1

    def fill(self, name: str, values: Sequence[Any]) -> None:
        """Set a column that is there already in the last rows."""
        self._columns[name][self.rows - len(values) :] = values

    def typed(self) -> dict[str, tuple[str, list[Any]]]:
        """Per column its type (`bool`, `int`, `float` or `text`) and its values; of several types it is JSON."""
        found = {}
        for name, values in self._columns.items():
            values += [None] * (self.rows - len(values))
            kinds = {value.__class__ for value in values} - {type(None)}
            if kinds == {bool}:
                found[name] = "bool", values
            elif kinds == {int}:
                found[name] = "int", values
            elif kinds and kinds <= {int, float}:
                found[name] = "float", values
            elif kinds <= {str}:
                found[name] = "text", values
            else:
                found[name] = "text", [None if value is None else canonical(value) for value in values]
        return found

    def _put(self, column: str, name: str, value: Any) -> None:
        if name in QUOTES:
            return
        if isinstance(value, Mapping) and name in TAKEN_APART:
            for inner, one in value.items():
                self._put(f"{column}_{inner}", inner, one)
            return
        values = self._columns.setdefault(column, [])
        if len(values) > self.rows:
            return
        if isinstance(value, Mapping | list):
            value = canonical(_without_quotes(value))
        if value.__class__ is str:
            value = self._kept.setdefault(value, value)
        values += [None] * (self.rows - len(values))
        values.append(value)


def _without_quotes(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_quotes(one) for name, one in value.items() if name not in QUOTES}
    return [_without_quotes(one) for one in value] if isinstance(value, list) else value
