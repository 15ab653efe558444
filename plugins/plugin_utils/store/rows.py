# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the store hands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Generation:
    """One run of a sweep from start to end. `state` is open, complete or abandoned (replaced before its end).

    `id` is None for a generation that a read-only store would have to begin.
    """

    id: int | None
    sweep: str
    number: int
    state: str
    stack: dict[str, dict[str, Any]]
    created_at: str
    completed_at: str | None


@dataclass(frozen=True)
class Planned:
    """What a plan meant to the store: trials added, trials it had, what a complete one does not measure."""

    added: int
    known: int
    left_out: int


@dataclass(frozen=True)
class Session:
    """One run of the playbook on one controller. `abandoned` counts the attempts of dead runs given up for it."""

    id: str
    sweep: str
    controller: str
    pid: int
    started: str
    began_at: str
    abandoned: int


@dataclass(frozen=True)
class Block:
    """The trials of one model under one load config that wait to be run; `held_by`, a host that has taken them."""

    number: int
    model: str
    load_digest: str
    load: dict[str, Any]
    trials_left: int
    trial_seconds: float
    held_by: str | None = None


@dataclass(frozen=True)
class Claim:
    """One attempt at one trial (the columns of its row), held by one worker until the lease runs out."""

    trial: dict[str, Any]
    attempt: int
    generation_id: int
    host: str
    worker: str
    started_at: str
    lease_until: str
