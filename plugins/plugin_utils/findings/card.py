# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The finding card as data. The renderers read nothing else, and the same summary always gives the same card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...module_utils.errors import LabError
from ..stats import median_interval
from .basis import basis, valid_until
from .caveats import caveats
from .ceilings import card_ceilings
from .cells import cell_rows, host_tiers, measured_cells
from .checking import verify_commands
from .costs import card_costs
from .duties import assess
from .evidence import canary_rows, didnt_work, settings_of, state_reason
from .looks import cell_looks
from .recommendation import recommend
from .trial_rows import measured_trials, trial_rows
from .trials import every_trial, of_model

SCHEMA = "local_llm.lab/finding-card/1"
MODEL_FIELDS = (
    "description", "file", "source", "digest", "sha256", "chat_template_sha256", "size_bytes", "total_parameters",
    "active_parameters", "cloud",
)  # fmt: skip
LOAD_FIELDS = ("host", "load_digest", "load", "load_seconds", "predicted_bytes", "resident_bytes", "available_bytes",
               "predicted_tokens_per_second")  # fmt: skip
SMOKE_FIELDS = ("host", "load_digest", "ok", "checks", "settings")
BLOCK_FIELDS = ("host_class", "number", "load_digest", "state", "numbers")


def build_card(
    summary: Mapping[str, Any], model: str, duties: Mapping[str, Mapping[str, float]], trials: Any = None
) -> dict[str, Any]:
    """The card of one model of one generation, judged against `duties` (a sweep's `good_enough`).

    `trials` is `every_trial(summary)`, for whoever writes several cards.
    """
    if model not in summary["models"]:
        raise LabError(f"The generation has no model {model}.", f"name one of: {', '.join(sorted(summary['models']))}")
    everything = every_trial(summary) if trials is None else trials
    table = of_model(everything, model)
    looks = cell_looks(summary, model, table)
    rows = [
        row | {"look": looks.get(row["id"]), "reason": state_reason(summary, model, row)}
        for row in cell_rows(summary, model, table)
    ]
    measured = {
        "cells": measured_cells(table),
        "loads": _loads(summary, model, rows, table),
        "trials": measured_trials(table),
    }
    tiers = sorted({tier for row in rows for tier in row["tiers"]})
    assessments = [
        assess(summary, duty, wanted, tier, rows, measured) for duty, wanted in duties.items() for tier in tiers
    ]
    generation = summary["generation"]
    interim = generation["state"] != "complete"
    recommendation = recommend(rows, assessments, interim)
    lead = next((row for row in rows if row["id"] == recommendation["cell"]), None)
    canaries, described = canary_rows(everything, model), _model(summary, model)
    stacks = {name: generation["stack"].get(name, {}) for name in sorted({row["host_class"] for row in rows})}
    estimated = int((table["usage_source"] == "estimated").sum())
    found = caveats(rows, lead, canaries, estimated)
    hosts, smokes = _hosts(summary, rows), _of_model(summary["smokes"], model, SMOKE_FIELDS)
    listed = trial_rows(table)
    return {
        "schema": SCHEMA,
        "model": described,
        "sweep": summary["sweep"]["name"],
        "generation": {"id": generation["id"], "number": generation["number"], "state": generation["state"]},
        "interim": interim,
        "recommendation": recommendation | {"caveat": found[0] if found else None},
        "caveats": found,
        "duties": assessments,
        "deploy": _deploy(recommendation, lead, settings_of(lead, smokes, hosts) if lead else {}),
        "replicates": int(summary["sweep"]["replicates"]),
        "limits": dict(summary["sweep"].get("limits", {})),
        "cells": rows,
        "canaries": canaries,
        "ceilings": card_ceilings(table, lead),
        "didnt_work": didnt_work(summary, rows),
        "hosts": hosts,
        "trials": listed,
        "verify": verify_commands(card_name(model), generation["id"], lead, listed),
        "valid_until": valid_until(described, canaries, interim),
        # Timings, memory, versions and dates: what two runs of the same sweep may differ in.
        "measured": measured
        | {
            "created_at": generation["created_at"],
            "completed_at": generation["completed_at"],
            "stack": stacks,
            "basis": basis(described, canaries, stacks),
            "smokes": smokes,
            "blocks": _of_model(summary.get("blocks", ()), model, BLOCK_FIELDS),
            "costs": card_costs(summary, table),
        },
    }


def card_name(model: str) -> str:
    """The file name without its ending; a catalog's model names are file names as they are."""
    return f"card-{model}"


def _model(summary: Mapping[str, Any], model: str) -> dict[str, Any]:
    entry = summary["models"][model]
    return {"name": model} | {field: entry.get(field) for field in MODEL_FIELDS}


def _deploy(
    recommendation: Mapping[str, Any], lead: Mapping[str, Any] | None, settings: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The cell to deploy; `settings` is what its smoke found to work where it is not what was asked for."""
    if lead is None or recommendation["verdict"] != "good_enough":
        return None
    shown = {key: lead[key] for key in ("label", "host_class", "tiers", "load", "chat")}
    return shown | {"cell": lead["id"], "settings": dict(settings)}


def _loads(
    summary: Mapping[str, Any], model: str, rows: Sequence[Mapping[str, Any]], table: Any
) -> list[dict[str, Any]]:
    """What every load was predicted to take and to give, beside what was measured of it."""
    classes = {host["name"]: host["host_class"] for host in summary["hosts"]}
    speeds = {}
    for host_class, digest in {(row["host_class"], row["load_digest"]) for row in rows}:
        cells = [row["id"] for row in rows if (row["host_class"], row["load_digest"]) == (host_class, digest)]
        ran = table[table["ran"] & table["cell"].isin(cells)]
        speeds[host_class, digest] = median_interval(ran["generated_tokens_per_second"])
    found = []
    for load in _of_model(summary["loads"], model, LOAD_FIELDS):
        host_class = classes.get(load["host"])
        speed = speeds.get((host_class, load["load_digest"]))
        found.append(load | {"host_class": host_class, "generated_tokens_per_second": speed})
    return found


def _of_model(rows: Iterable[Mapping[str, Any]], model: str, fields: Sequence[str]) -> list[dict[str, Any]]:
    return [{field: row.get(field) for field in fields} for row in rows if row["model"] == model]


def _hosts(summary: Mapping[str, Any], rows: Any) -> list[dict[str, Any]]:
    tiers = host_tiers(summary)
    return [
        {"host_class": name, "tiers": tiers.get(name, []),
         "hosts": sorted(host["name"] for host in summary["hosts"] if host["host_class"] == name)}
        for name in sorted({row["host_class"] for row in rows})
    ]  # fmt: skip
