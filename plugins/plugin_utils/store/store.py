# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store as the rest of the lab sees it: one object, plain data in and out, no SQL."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

from ..sweep.estimate import Seen
from ..sweep.plan import Plan
from . import blocks, calibration, claims, counts, generations, pauses, rounds, schema, sessions, summary
from .database import Database, utc_now
from .rows import Block, Claim, Generation, Planned, Session
from .tables import tables


class Store:
    """Sweeps, their trials and what came of them, behind `sqlite:///…` or `postgresql://…`.

    With `read_only` a store that is not there is not made: it reads as an empty one, `open_generation` and `plan` tell
    what they would do, and everything else that writes is refused.
    """

    def __init__(self, url: str, read_only: bool = False) -> None:
        self._database = Database(url, read_only)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    @property
    def version(self) -> int:
        """Of its tables. One of an earlier version, opened to be read only, stays as it is and can be read in part."""
        return self._database.version

    def lacks(self) -> list[str]:
        """Tables and columns of this version that the store was made without."""
        with self._database.reading() as connection:
            return schema.lacks(connection)

    def sweeps(self) -> list[str]:
        """The names of all sweeps, in the order of the alphabet."""
        with self._database.reading() as connection:
            return generations.sweeps(connection)

    def generations(self, sweep: str) -> list[Generation]:
        """Every generation of a sweep, the first one first."""
        with self._database.reading() as connection:
            return generations.history(connection, sweep)

    def generation(self, generation_id: int) -> dict[str, Any]:
        """The row of one generation: what was swept, on which hosts and stacks."""
        with self._database.reading() as connection:
            return generations.row(connection, generation_id)

    def open_generation(self, sweep: str, new: bool = False) -> Generation:
        """The last generation, open or complete; with `new`, or where there is none, the next one."""
        return generations.begin(self._database, sweep, new)

    def plan(
        self, generation: Generation, plan: Plan, sweep: Mapping[str, Any], hosts: Sequence[Mapping[str, str]]
    ) -> Planned:
        """Put a plan into a generation, as often as one likes. StackChanged and SweepChanged say what does not fit.

        `sweep` is `Sweep.as_dict()`; a host is `{name, host_class, tier, engine}`.
        """
        return generations.add_plan(self._database, generation, plan, sweep, hosts)

    def complete(self, generation_id: int) -> bool:
        """Whether every cell is closed and no trial runs; the generation is then complete."""
        return generations.complete(self._database, generation_id)

    def begin_session(self, sweep: str, controller: str, pid: int, started: str) -> Session:
        """Enter, giving up what dead runs left; SweepRunning while one of the same sweep lives on this controller.

        `started` is what `module_utils.processes.started(pid)` says.
        """
        return sessions.begin(self._database, sweep, controller, pid, started)

    def end_session(self, session_id: str) -> None:
        """Leave; attempts that were not recorded are given up."""
        sessions.end(self._database, session_id)

    def abandon(self, workers: Collection[str]) -> int:
        """Give up what these sessions claimed and did not record: their trials wait again."""
        return sessions.abandon(self._database, workers)

    def blocks(self, generation_id: int, host_class: str) -> list[Block]:
        """The blocks that have something to run, in their order, whoever holds them."""
        with self._database.reading() as connection:
            return blocks.waiting(connection, generation_id, host_class)

    def take_block(
        self, generation_id: int, host: str, host_class: str, block: int, worker: str, seconds: float
    ) -> bool:
        """Hold a block for this host until a trial is claimed in it, so long at most; False where another holds it."""
        return claims.take_block(self._database, generation_id, host, host_class, block, worker, seconds)

    def leave_block(self, generation_id: int, host: str, host_class: str, block: int) -> None:
        """Hold the block no longer."""
        blocks.leave(self._database, generation_id, host_class, block, host)

    def settle_blocks(self, generation_id: int, host_class: str) -> list[dict[str, Any]]:
        """Judge whether the host's speed drifted under blocks that were run to their end; returns those."""
        return blocks.settle(self._database, generation_id, host_class)

    def claim(self, generation_id: int, host: str, host_class: str, block: int, worker: str) -> Claim | None:
        """The next trial of a block, for this worker (a session's id) alone; None when none is to be run by it."""
        return claims.claim(self._database, generation_id, host, host_class, block, worker)

    def record(self, claim: Claim, record: Mapping[str, Any]) -> str:
        """Write what came of a claim; the trial is then `done`, `planned` again, or `void` for good."""
        return claims.record(self._database, claim, record)

    def pauses(self) -> list[dict[str, Any]]:
        """Items that agents handed over and nobody has cleared: id, trial, item, kind, reason, at."""
        with self._database.reading() as connection:
            return pauses.waiting(connection)

    def clear_pause(self, pause_id: int, by: str) -> None:
        """Let a paused item go on."""
        pauses.clear(self._database, pause_id, by)

    def set_cell_state(self, cell_id: str, state: str, numbers: Mapping[str, Any] | None = None) -> None:
        """Close an open cell: none of its waiting trials is run."""
        with self._database.writing() as connection:
            claims.close_cells(connection, tables().cells.c.id == cell_id, state, numbers)

    def close_cells(
        self,
        generation_id: int,
        host_class: str,
        load_digest: str,
        state: str,
        numbers: Mapping[str, Any] | None = None,
    ) -> int:
        """Close every open cell of a block (smoke_failed, infeasible); returns how many that were."""
        with self._database.writing() as connection:
            block = claims.block_cells(generation_id, host_class, load_digest)
            return claims.close_cells(connection, block, state, numbers)

    def add_load(
        self,
        generation_id: int,
        *,
        host: str,
        model: str,
        load_digest: str,
        load: Mapping[str, Any],
        load_seconds: float | None,
        predicted_bytes: int | None,
        overhead_bytes: int | None = None,
        resident_bytes: int | None,
        available_bytes: int | None,
        predicted_tokens_per_second: float | None = None,
    ) -> None:
        """Keep what one load took: it calibrates the next prediction. `overhead_bytes` is the predicted's part."""
        self._add("loads", {
            "generation": generation_id, "host": host, "model": model, "load_digest": load_digest, "load": dict(load),
            "load_seconds": load_seconds, "predicted_bytes": predicted_bytes, "overhead_bytes": overhead_bytes,
            "resident_bytes": resident_bytes, "available_bytes": available_bytes,
            "predicted_tokens_per_second": predicted_tokens_per_second,
        })  # fmt: skip

    def seen(self, models: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], Seen]:
        """What past trials of these models (name → catalog entry) took, by host class and model."""
        with self._database.reading() as connection:
            return calibration.seen(connection, models)

    def overhead_bytes(self, host: str, engine: str, build: str) -> int | None:
        """What the engine was measured to take on this host beyond a model's own bytes; None before the first load."""
        with self._database.reading() as connection:
            return calibration.overhead_bytes(connection, host, engine, build)

    def add_smoke(
        self,
        generation_id: int,
        *,
        host: str,
        model: str,
        load_digest: str,
        ok: bool,
        checks: Sequence[Mapping[str, Any]],
    ) -> None:
        """Keep what a smoke showed; a check is `{name, ok, detail, numbers}`."""
        self._add("smokes", {
            "generation": generation_id, "host": host, "model": model, "load_digest": load_digest, "ok": ok,
            "checks": [dict(check) for check in checks],
        })  # fmt: skip

    def is_running(self, generation_id: int, host_class: str) -> bool:
        """Whether a trial of the host class is being run, by whichever host."""
        with self._database.reading() as connection:
            return rounds.is_running(connection, generation_id, host_class)

    def standing(self, generation_id: int, host_class: str) -> dict[str, Any]:
        """What a look reads: `generation` (its row), `cells`, `trials`, `blocks` and `rounds` of a host class.

        `shared_by` is how many models and host classes, each looked at on its own, there are in the generation.
        """
        with self._database.reading() as connection:
            return rounds.standing(connection, generation_id, host_class)

    def add_round(self, generation_id: int, host_class: str, decided: rounds.Round) -> bool:
        """Do what a look decided; False where another host's look of that number was there first."""
        return rounds.add_round(self._database, generation_id, host_class, decided)

    def add_rerun(self, generation_id: int, host_class: str, number: int, layout: rounds.Layout) -> bool:
        """Plan a drifted block once more; False where that was done."""
        return rounds.add_rerun(self._database, generation_id, host_class, number, layout)

    def last_smoke(self, generation_id: int, host: str, load_digest: str) -> dict[str, Any] | None:
        """The last smoke of a load config on a host that let its trials run."""
        with self._database.reading() as connection:
            return summary.last_smoke(connection, generation_id, host, load_digest)

    def block_cells(self, generation_id: int, host_class: str, load_digest: str) -> list[dict[str, Any]]:
        """The cells of a block in the order of the plan, closed ones too."""
        with self._database.reading() as connection:
            return summary.block_cells(connection, generation_id, host_class, load_digest)

    def progress(self, generation_id: int) -> dict[str, int]:
        """total, done, left, running; of the done ones void and closed."""
        with self._database.reading() as connection:
            return counts.progress(connection, generation_id)

    def summary(self, generation_id: int) -> dict[str, Any]:
        """Everything the findings are made of."""
        with self.streamed(generation_id) as streamed:
            return streamed | {"trials": list(streamed["trials"])}

    @contextlib.contextmanager
    def streamed(self, generation_id: int) -> Iterator[dict[str, Any]]:
        """The summary of one moment with `trials` to go through once, within the block: for any number of them."""
        with self._database.reading() as connection:
            yield summary.summary(connection, generation_id)

    def _add(self, table: str, row: dict[str, Any]) -> None:
        with self._database.writing() as connection:
            connection.execute(getattr(tables(), table).insert().values(**row, at=utc_now()))
