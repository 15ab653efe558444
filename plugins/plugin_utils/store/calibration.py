# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured before: what an engine takes beside a model's own bytes on a host, and what its trials took."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import TYPE_CHECKING, Any

from ...module_utils.gguf import UNCALIBRATED_OVERHEAD_BYTES
from ..sweep.estimate import Seen
from .tables import TOKENS, tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

LOADS, LOOKED_AT = 9, 200  # the newest, of this many
NEWEST = 5000  # attempts of all models
ENOUGH = 3  # loads whose median one that was disturbed does not move far


def overhead_bytes(connection: Connection, host: str, engine: str, build: str) -> int | None:
    """The median of the newest loads of that build, else of that engine; None before the first.

    A load that took less than the model's own bytes was measured by something blind (RSS, to a GPU): it tells nothing.
    So does an answer without a load. Fewer loads than ENOUGH are not believed beyond what would be taken without them:
    what another program took during the first load would shut the host, and no later load could put that right.
    """
    from sqlalchemy import inspect, select

    if "overhead_bytes" not in {column["name"] for column in inspect(connection).get_columns("loads")}:
        return None  # of an earlier version, and opened to be read only
    loads, generations = tables().loads, tables().generations
    query = (
        select(loads.c.predicted_bytes, loads.c.overhead_bytes, loads.c.resident_bytes)
        .add_columns(generations.c.hosts, generations.c.stack)
        .join_from(loads, generations, loads.c.generation == generations.c.id)
        .where(loads.c.host == host)
        .where(loads.c.predicted_bytes.is_not(None), loads.c.resident_bytes.is_not(None))
        .where(loads.c.overhead_bytes.is_not(None), loads.c.load_seconds.is_not(None))
        .order_by(loads.c.id.desc())
        .limit(LOOKED_AT)
    )
    of_engine, of_build = [], []
    for row in connection.execute(query).mappings():
        taken = row["resident_bytes"] - (row["predicted_bytes"] - row["overhead_bytes"])
        host_class = _host_class(row["hosts"], host, engine)
        if taken < 0 or host_class is None:
            continue
        of_engine.append(taken)
        if row["stack"].get(host_class, {}).get("engine_build") == build:
            of_build.append(taken)
    measured = (of_build or of_engine)[:LOADS]
    if not measured:
        return None
    if len(measured) >= ENOUGH:
        return int(median(measured))
    otherwise = median(of_engine[:LOADS]) if len(of_engine) >= ENOUGH else 0
    return int(min(median(measured), max(UNCALIBRATED_OVERHEAD_BYTES, otherwise)))


def seen(connection: Connection, models: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], Seen]:
    """By host class and model, the medians of the newest trials of the same model that came to a verdict.

    Only so many of the newest are looked at, however many there are: a plan does not wait for its estimate.
    """
    from sqlalchemy import inspect, select

    attempts, trials = tables().attempts, tables().trials
    if "purpose" not in {column["name"] for column in inspect(connection).get_columns("trials")}:
        return {}  # of an earlier version, and opened to be read only
    ended = select(attempts.c.trial, attempts.c.number).where(attempts.c.ended_at.is_not(None))
    newest = ended.order_by(attempts.c.ended_at.desc()).limit(NEWEST).subquery()
    names = {model["digest"]: name for name, model in models.items()}
    used = [attempts.c.record[name].as_float() for name in ("process_seconds", *TOKENS)]
    query = (
        select(trials.c.host_class, trials.c.model_digest, *used)
        .join_from(newest, attempts, (attempts.c.trial == newest.c.trial) & (attempts.c.number == newest.c.number))
        .join(trials, trials.c.id == attempts.c.trial)
        .where(attempts.c.state == "done", trials.c.purpose == "measure", trials.c.model_digest.in_(names))
        .order_by(attempts.c.ended_at.desc())
    )
    found: dict[tuple[str, str], list[Any]] = {}
    for host_class, digest, *took in connection.execute(query):
        rows = found.setdefault((host_class, names[digest]), [])
        if took[0] is not None and len(rows) < LOOKED_AT:
            rows.append(took)
    return {
        key: Seen(*(median(one or 0.0 for one in column) for column in zip(*rows, strict=True)))
        for key, rows in found.items()
        if rows
    }


def _host_class(hosts: list[dict[str, Any]], host: str, engine: str) -> str | None:
    for row in hosts:
        if row["name"] == host and row["engine"] == engine:
            return str(row["host_class"])
    return None
