# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the tables of docs/sweep-file.md from the schemas (python -m tests.tools.sweep_tables); a test compares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from plugins.plugin_utils.sweep import definition, schema

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sweep-file.md"
BEGIN, END = "<!-- {}: made by tests/tools/sweep_tables.py -->", "<!-- {} end -->"
DEFAULTS: dict[str, dict[str, Any]] = {
    "keys": {
        "replicates": {"screen": definition.REPLICATES, "most": definition.MOST_REPLICATES},
        "wrong_adoption": definition.WRONG_ADOPTION,
        "seed": 0,
    },
    "load": definition.LOAD_DEFAULTS | definition.UNSAID["load"] | {"quant": "the entry's", "experts_used": "its own"},
    "chat": definition.UNSAID["chat"],
    "budgets": dict.fromkeys(schema.properties("sweep", "budgets"), "the canary's"),
}
DEFINITIONS = ("load", "chat", "budgets", "limits", "duty")


def written(page: str) -> str:
    """The page with its tables as they are now."""
    for name in ("keys", *DEFINITIONS):
        begin, end = BEGIN.format(name), END.format(name)
        before, _unused, rest = page.partition(begin)
        page = f"{before}{begin}\n\n{table(name)}\n\n{end}{rest.partition(end)[2]}"
    return page


def table(name: str) -> str:
    described = schema.load_schema("sweep")
    known = described if name == "keys" else described["$defs"][name]
    required = known.get("required", ())
    defaults = DEFAULTS.get(name)
    rows = [
        f"| key | what it is |{' default |' if defaults is not None else ''}",
        "|---" * (3 if defaults else 2) + "|",
    ]
    for key, one in known["properties"].items():
        what = _said(described, one)
        default = ""
        if defaults:
            default = " needed |" if key in required else f" {_shown(defaults.get(key))} |"
        rows.append(f"| `{key}` | {what} |{default}")
    return "\n".join(rows)


def _said(described: dict[str, Any], one: dict[str, Any]) -> str:
    if "$ref" in one:
        one = described["$defs"][one["$ref"].rpartition("/")[2]]
    return str(one["description"]).replace("|", "\\|")


def _shown(default: Any) -> str:
    if default is None:
        return "–"
    if isinstance(default, dict):
        return f"`{{{', '.join(f'{key}: {value}' for key, value in default.items())}}}`"
    return default if isinstance(default, str) and " " in default else f"`{json.dumps(default).strip(chr(34))}`"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
