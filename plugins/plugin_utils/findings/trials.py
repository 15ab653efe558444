# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One model's trials as a table, and which of them count.

Never in a denominator: a void trial (not the model's doing), an interface failure (the engine's template or parser
broke a well-formed reply), a trial of a cell whose factor did not take effect, and at temperature 0 a run that repeats
an earlier one exactly (the same experiment written down twice). Each is counted apart, and the card says how many.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

RECORD_COLUMNS = (
    "outcome", "ceiling", "detail", "would_pass", "submitted", "visible_tests", "turns", "prompt_tokens",
    "cached_tokens", "generated_tokens", "reasoning_tokens", "usage_source", "ttft_seconds",
    "prompt_tokens_per_second", "generated_tokens_per_second", "wall_seconds", "tool_calls", "refused_calls",
    "malformed_calls", "nudges", "hidden_passed", "budgets",
)  # fmt: skip
PLAN_COLUMNS = ("id", "cell", "canary", "grade", "replicate", "seed", "host", "state")
SIGNATURE = ["cell", "canary", "outcome", "ceiling", "detail", "turns", "prompt_tokens", "generated_tokens",
             "tool_calls", "hidden_passed"]  # fmt: skip


@cache
def _pandas() -> Any:
    import pandas

    return pandas


def trial_table(summary: Mapping[str, Any], model: str) -> Any:
    """A DataFrame of the model's trials in cell, canary, replicate order (planned ones too, without an ending)."""
    order = {cell["id"]: position for position, cell in enumerate(summary["cells"])}
    rows = []
    for trial in summary["trials"]:
        if trial["model"] != model:
            continue
        row = {column: trial.get(column) for column in PLAN_COLUMNS}
        record = trial.get("record") or {}
        row.update({column: record.get(column) for column in RECORD_COLUMNS})
        attempts = trial["attempts"]
        if trial["state"] == "void" and not record:
            # Its host was lost before it could write one.
            row.update(outcome="void", detail=attempts[-1]["why"] if attempts else None)
        row["cell_position"] = order[trial["cell"]]
        row["attempts"] = len(attempts)
        row["void_attempts"] = sum(1 for attempt in attempts if attempt["state"] == "void")
        rows.append(row)
    columns = [*PLAN_COLUMNS, *RECORD_COLUMNS, "cell_position", "attempts", "void_attempts"]
    table = _pandas().DataFrame(rows, columns=columns, dtype=object)
    table = table.sort_values(["cell_position", "canary", "replicate", "id"], ignore_index=True)
    return _classified(table, summary)


def _classified(table: Any, summary: Mapping[str, Any]) -> Any:
    """Add `ending` (what the plots show), `counted`, `left_out` (why not), `passed` and `wrong`."""
    greedy = [cell["id"] for cell in summary["cells"] if cell.get("chat", {}).get("temperature") == 0]
    recorded = table["outcome"].notna()
    table["ending"] = table["ceiling"].where(table["outcome"] == "failed", table["outcome"])
    table["ending"] = table["ending"].where(recorded, "open")
    may_repeat = recorded & table["cell"].isin(greedy) & ~table["ending"].isin(["void", "interface"])
    repeats = table[may_repeat].duplicated(SIGNATURE).reindex(table.index, fill_value=False)
    refused = [cell["id"] for cell in summary["cells"] if cell["state"] == "factor_not_applied"]
    table["left_out"] = None
    for reason, rows in {
        "not_applied": table["cell"].isin(refused),
        "open": ~recorded,
        "void": table["ending"] == "void",
        "interface": table["ending"] == "interface",
        "repeat": repeats,
    }.items():
        table.loc[rows, "left_out"] = reason
    table["counted"] = table["left_out"].isna()
    table["passed"] = table["ending"] == "passed"
    # Confidently wrong: it said it was done and the hidden tests say it is not.
    table["wrong"] = (table["outcome"] == "failed") & table["submitted"].eq(True) & table["would_pass"].ne(True)
    return table
