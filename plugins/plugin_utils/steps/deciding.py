# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the store to the decision that deploy.yml applies."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from ..findings import build_card, decide
from ..findings.decision import decision_lines
from ..findings.trials import every_trial
from ..findings.writing import decision_text
from ..store import Store
from . import generation as generations
from .changes import Changes


def decision(
    store_url: str, sweep: str, generation: int | None, path: str, interim: bool, check: bool
) -> dict[str, Any]:
    """Write what a complete generation decides; of one that is not complete, what it shows so far, if that is asked."""
    with Store(store_url, read_only=check) as store:
        found = generations.find(store, sweep, generation)
        if not check and found.state == "open" and store.complete(cast(int, found.id)):
            found = generations.find(store, sweep, found.number)
        summary = generations.read(store, found, interim)
    duties = summary["sweep"]["good_enough"]
    trials = every_trial(summary)
    made = decide([build_card(summary, model, duties, trials) for model in summary["models"]], summary["sweep"])
    changes = Changes(check)
    changes.write(Path(path), decision_text(made).encode())
    return {
        "changed": bool(changes.changed),
        "diff": changes.diff,
        "path": path,
        "generation": found.number,
        "interim": made["interim"],
        "decisions": made["decisions"],
        "lines": [*decision_lines(made), f"decision: {path}"],
    }
