# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables. Everything about a trial that identifies it is written once, when it is planned.

A change here is also a step in `migrations.py`.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table

CELL_STATES = (
    "open",
    "complete",
    "stopped_early",
    "smoke_failed",
    "infeasible",
    "factor_not_applied",
    "unstable",
    "budget_spent",
)
# What a trial is for: a verdict, or only to warm the engine up, or to see whether the host's speed drifted.
PURPOSES = ("measure", "warm_up", "anchor")
# When it was planned: with the sweep, by a look at what was recorded, to confirm winning levels together, or in the
# place of trials whose block drifted.
STAGES = ("screen", "replicate", "confirmation", "rerun")
BLOCK_STATES = ("planned", "complete", "drifted")
# A trial: planned -> running -> done (a verdict), planned again (a void or a killed attempt), or void (given up).
TRIAL_STATES = ("planned", "running", "done", "void")
# What an attempt takes of an engine: `cached_tokens` are part of the prompts, `reasoning_tokens` of what is generated.
TOKENS = ("prompt_tokens", "cached_tokens", "generated_tokens", "reasoning_tokens")


class Tables(NamedTuple):
    metadata: MetaData
    schema_version: Table
    generations: Table
    cells: Table
    trials: Table
    attempts: Table
    counts: Table
    taken: Table
    blocks: Table
    rounds: Table
    loads: Table
    smokes: Table
    sessions: Table
    pauses: Table


@functools.cache
def tables() -> Tables:
    from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table
    from sqlalchemy import UniqueConstraint as Unique
    from sqlalchemy import text as literal

    metadata = MetaData()
    json = JSON(none_as_null=True)

    def text(name: str, nullable: bool = False, primary_key: bool = False) -> Column[str]:
        return Column(name, String, nullable=nullable, primary_key=primary_key)

    def generation() -> Column[int]:
        return Column("generation", ForeignKey("generations.id"), nullable=False, index=True)

    return Tables(
        metadata,
        schema_version=Table(
            "schema_version",
            metadata,
            Column("version", Integer, primary_key=True, autoincrement=False),
            text("at"),
        ),
        generations=Table(
            "generations",
            metadata,
            Column("id", Integer, primary_key=True),
            text("sweep"),
            Column("number", Integer, nullable=False),
            text("state"),
            Column("definition", json),
            Column("models", json, nullable=False),
            Column("stack", json, nullable=False),
            Column("hosts", json, nullable=False),
            text("created_at"),
            text("completed_at", nullable=True),
            Column("plans", json),
            Unique("sweep", "number"),
        ),
        cells=Table(
            "cells",
            metadata,
            text("id", primary_key=True),
            generation(),
            text("model"),
            text("host_class"),
            text("factor", nullable=True),
            Column("level", json),
            Column("load", json, nullable=False),
            Column("chat", json, nullable=False),
            text("load_digest"),
            Column("position", Integer, nullable=False),
            text("state"),
            Column("numbers", json),
        ),
        trials=Table(
            "trials",
            metadata,
            text("id", primary_key=True),
            Column("generation", ForeignKey("generations.id"), nullable=False),
            Column("cell", ForeignKey("cells.id"), nullable=False, index=True),
            text("model"),
            text("model_digest"),
            text("host_class"),
            text("canary"),
            text("canary_digest"),
            Column("grade", Integer, nullable=False),
            Column("replicate", Integer, nullable=False),
            Column("seed", Integer, nullable=False),
            Column("position", Integer, nullable=False),
            text("load_digest"),
            Column("load", json, nullable=False),
            Column("chat", json, nullable=False),
            Column("budgets", json, nullable=False),
            Column("block", Integer, nullable=False, server_default=literal("0")),
            Column("purpose", String, nullable=False, server_default="measure"),
            Column("stage", String, nullable=False, server_default="screen"),
            text("state"),
            Column("attempts", Integer, nullable=False),
            Index("trials_in_order", "generation", "position", "id"),
            # All that a claim asks for, its order included: else SQLite walks the whole plan in order instead.
            Index("trials_waiting", "generation", "host_class", "block", "state", "purpose", "position", "id"),
        ),
        attempts=Table(
            "attempts",
            metadata,
            Column("trial", ForeignKey("trials.id"), primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            generation(),
            Column("worker", ForeignKey("sessions.id"), nullable=False),
            text("host"),
            text("state"),
            text("why", nullable=True),
            text("lease_until"),
            text("started_at"),
            text("ended_at", nullable=True),
            text("outcome", nullable=True),
            text("ceiling", nullable=True),
            text("detail", nullable=True),
            Column("record", json),
            Index("attempts_by_state", "state", "worker"),
            Index("attempts_by_end", "ended_at"),
        ),
        counts=Table(
            "counts",
            metadata,
            Column("cell", ForeignKey("cells.id"), primary_key=True),
            Column("block", Integer, primary_key=True, autoincrement=False),
            text("purpose", primary_key=True),
            generation(),
            *(Column(state, Integer, nullable=False, server_default=literal("0")) for state in TRIAL_STATES),
            Column("trial_seconds", Float, nullable=False),
        ),
        taken=Table(
            "taken",
            metadata,
            Column("generation", ForeignKey("generations.id"), primary_key=True),
            text("host", primary_key=True),
            text("model", primary_key=True),
            text("day", primary_key=True),
            Column("seconds", Float, nullable=False),
            *(Column(name, BigInteger, nullable=False) for name in TOKENS),
        ),
        blocks=Table(
            "blocks",
            metadata,
            Column("generation", ForeignKey("generations.id"), primary_key=True),
            text("host_class", primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            text("model"),
            text("load_digest"),
            text("state"),
            Column("numbers", json),
        ),
        rounds=Table(
            "rounds",
            metadata,
            Column("generation", ForeignKey("generations.id"), primary_key=True),
            text("host_class", primary_key=True),
            text("model", primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            Column("decisions", json, nullable=False),
            text("at"),
        ),
        loads=Table(
            "loads",
            metadata,
            Column("id", Integer, primary_key=True),
            generation(),
            text("host"),
            text("model"),
            text("load_digest"),
            Column("load", json, nullable=False),
            Column("load_seconds", Float),
            Column("predicted_bytes", BigInteger),
            Column("overhead_bytes", BigInteger),
            Column("resident_bytes", BigInteger),
            Column("available_bytes", BigInteger),
            Column("predicted_tokens_per_second", Float),
            text("at"),
        ),
        smokes=Table(
            "smokes",
            metadata,
            Column("id", Integer, primary_key=True),
            generation(),
            text("host"),
            text("model"),
            text("load_digest"),
            Column("ok", Boolean, nullable=False),
            Column("checks", json, nullable=False),
            text("at"),
        ),
        sessions=Table(
            "sessions",
            metadata,
            text("id", primary_key=True),
            text("sweep"),
            text("controller"),
            Column("pid", Integer, nullable=False),
            text("started"),
            text("began_at"),
            text("ended_at", nullable=True),
        ),
        pauses=Table(
            "pauses",
            metadata,
            Column("id", Integer, primary_key=True),
            generation(),
            Column("trial", ForeignKey("trials.id"), nullable=False),
            text("item"),
            text("kind"),
            text("reason"),
            text("at"),
            text("cleared_at", nullable=True),
            text("cleared_by", nullable=True),
        ),
    )
