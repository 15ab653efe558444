# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the table of docs/doctor.md from the checks (python -m tests.tools.doctor_table); a test compares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from plugins.module_utils.doctor import Check
from plugins.plugin_utils.doctor import CONTROLLER_CHECKS, END_CHECKS, HOST_CHECKS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "doctor.md"
BEGIN, END = "<!-- checks: made by tests/tools/doctor_table.py -->", "<!-- checks end -->"
SECTIONS = (
    ("On the controller", CONTROLLER_CHECKS),
    ("From the controller, of each host", END_CHECKS),
    ("On each host", HOST_CHECKS),
)


def tables() -> Iterator[str]:
    for title, checks in SECTIONS:
        yield f"### {title}\n"
        yield "| check | what it looks at | remedy |\n| --- | --- | --- |"
        yield from rows(checks)
        yield ""


def rows(checks: Iterable[Check]) -> Iterator[str]:
    """Remedies that are the same for several engines or systems are named once."""
    for check in checks:
        named: dict[str, list[str]] = {}
        for name, command in check.remedies.items():
            named.setdefault(command.replace("{{", "{").replace("}}", "}"), []).append(name)
        remedies = "<br>".join(f"{', '.join(names)}: {_code(command)}" for command, names in named.items())
        yield f"| `{check.name}` | {check.looks_at} | {remedies} |"


def _code(command: str) -> str:
    """A pipe would end the cell, also inside of code."""
    escaped = command.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "&#124;")
    return f"<code>{escaped}</code>"


def written(page: str) -> str:
    """The page with the tables as they are now."""
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    body = "\n".join(tables())
    return f"{before}{BEGIN}\n\n{body}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
