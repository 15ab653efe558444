# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab shortlist`: the shortlist playbook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .playbook import Play, existing
from .watched import watch


@dataclass(frozen=True)
class ShortlistRequest:
    limit: str | None
    inventory: Path
    check: bool
    context_tokens: int | None
    parallel: int | None
    kv_type: str | None
    extra_vars: dict[str, str]


def shortlist(request: ShortlistRequest) -> int:
    """Run the playbook and show what it says; returns the exit code."""
    asked: dict[str, Any] = {
        "shortlist_context_tokens": request.context_tokens,
        "shortlist_parallel": request.parallel,
        "shortlist_kv_type": request.kv_type,
    }
    extra_vars = request.extra_vars | {name: value for name, value in asked.items() if value is not None}
    inventory = existing(request.inventory, "the inventory", "name yours with -i, or make one with: lab init DIR")
    return watch(Play("shortlist", inventory, request.limit, extra_vars, request.check), shows_messages=True)
