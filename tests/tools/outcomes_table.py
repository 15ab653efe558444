# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the table of docs/outcomes.md from the closed list (python -m tests.tools.outcomes_table); a test compares."""

from __future__ import annotations

from pathlib import Path

from plugins.plugin_utils.outcome import OUTCOMES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "outcomes.md"
BEGIN, END = "<!-- outcomes: made by tests/tools/outcomes_table.py -->", "<!-- outcomes end -->"


def table() -> str:
    rows = ["| outcome | what happened | what it says of the model |", "| --- | --- | --- |"]
    for kind in OUTCOMES:
        name = "/".join(part for part in (kind.outcome, kind.ceiling, kind.detail) if part)
        rows.append(f"| `{name}` | {kind.meaning} | {kind.says} |")
    return "\n".join(rows)


def written(page: str) -> str:
    """The page with the table as it is now."""
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
