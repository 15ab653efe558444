# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The finding card as data. The renderers read nothing else, and the same summary always gives the same card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...module_utils.errors import LabError
from ..stats import tidy
from .caveats import caveats
from .ceilings import card_ceilings
from .cells import MEASURED, cell_rows, host_tiers, measured_cells
from .checking import valid_until, verify_commands
from .duties import assess
from .evidence import canary_rows, didnt_work
from .recommendation import recommend
from .trials import every_trial, of_model
from .words import ending_text

SCHEMA = "local_llm.lab/finding-card/1"
MODEL_FIELDS = (
    "description", "file", "source", "digest", "sha256", "chat_template_sha256", "size_bytes", "total_parameters",
    "active_parameters", "cloud",
)  # fmt: skip
LOAD_FIELDS = ("host", "load_digest", "load", "load_seconds", "predicted_bytes", "resident_bytes", "available_bytes")


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
    rows = cell_rows(summary, model, table)
    measured = {
        "cells": measured_cells(table),
        "loads": _loads(summary, model),
        "trials": _measured_trials(table),
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
    estimated = int((table["usage_source"] == "estimated").sum())
    found = caveats(rows, lead, canaries, estimated)
    listed = _trials(table)
    return {
        "schema": SCHEMA,
        "model": described,
        "sweep": summary["sweep"]["name"],
        "generation": {"id": generation["id"], "number": generation["number"], "state": generation["state"]},
        "interim": interim,
        "recommendation": recommendation | {"caveat": found[0] if found else None},
        "caveats": found,
        "duties": assessments,
        "deploy": _deploy(recommendation, lead),
        "replicates": int(summary["sweep"]["replicates"]),
        "cells": rows,
        "canaries": canaries,
        "ceilings": card_ceilings(summary, table, lead),
        "didnt_work": didnt_work(summary, model, rows),
        "smokes": _smokes(summary, model),
        "hosts": _hosts(summary, rows),
        "trials": listed,
        "verify": verify_commands(card_name(model), generation["id"], lead, listed),
        "valid_until": valid_until(described, canaries, interim),
        # Timings, memory, versions and dates: what two runs of the same sweep may differ in.
        "measured": measured
        | {
            "created_at": generation["created_at"],
            "completed_at": generation["completed_at"],
            "stack": {name: generation["stack"].get(name, {}) for name in sorted({row["host_class"] for row in rows})},
        },
    }


def card_name(model: str) -> str:
    """The file name without its ending; a catalog's model names are file names as they are."""
    return f"card-{model}"


def _model(summary: Mapping[str, Any], model: str) -> dict[str, Any]:
    entry = summary["models"][model]
    return {"name": model} | {field: entry.get(field) for field in MODEL_FIELDS}


def _deploy(recommendation: Mapping[str, Any], lead: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if lead is None or recommendation["verdict"] != "good_enough":
        return None
    return {key: lead[key] for key in ("label", "host_class", "tiers", "load", "chat")} | {"cell": lead["id"]}


def _loads(summary: Mapping[str, Any], model: str) -> list[dict[str, Any]]:
    classes = {host["name"]: host["host_class"] for host in summary["hosts"]}
    return [
        {field: load.get(field) for field in LOAD_FIELDS} | {"host_class": classes.get(load["host"])}
        for load in summary["loads"]
        if load["model"] == model
    ]


def _smokes(summary: Mapping[str, Any], model: str) -> list[dict[str, Any]]:
    return [
        {field: smoke[field] for field in ("host", "load_digest", "ok", "checks")}
        for smoke in summary["smokes"]
        if smoke["model"] == model
    ]


def _hosts(summary: Mapping[str, Any], rows: Any) -> list[dict[str, Any]]:
    tiers = host_tiers(summary)
    return [
        {"host_class": name, "tiers": tiers.get(name, []),
         "hosts": sorted(host["name"] for host in summary["hosts"] if host["host_class"] == name)}
        for name in sorted({row["host_class"] for row in rows})
    ]  # fmt: skip


def _trials(table: Any) -> list[dict[str, Any]]:
    whole = {name: _whole(table[name]) for name in ("turns", "generated_tokens", "prompt_tokens")}
    columns = {
        "id": table["id"],
        "attempt": table["attempt"],
        "cell": table["cell"],
        "canary": table["canary"],
        "replicate": table["replicate"],
        "purpose": table["purpose"],
        "stage": table["stage"],
        "seed": table["seed"],
        "ending": table["ending"],
        "detail": table["detail"],
        "text": [_ending(ending, detail) for ending, detail in zip(table["ending"], table["detail"], strict=True)],
        "counted": table["counted"].tolist(),
        "left_out": table["left_out"],
        "would_pass": table["would_pass"],
        "submitted": table["submitted"],
        "visible_tests": table["visible_tests"],
        **whole,
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _whole(numbers: Any) -> list[int | None]:
    return [None if number != number else int(number) for number in numbers.tolist()]


def _ending(ending: str, detail: str | None) -> str:
    return ending_text(ending, None if ending in ("passed", "open") else detail)


def _measured_trials(table: Any) -> dict[str, dict[str, Any]]:
    """What two runs of one sweep may differ in: speeds, and which of a class's hosts it was."""
    ran = table[table["ran"]]
    numbers = {name: [tidy(value) for value in ran[name].tolist()] for name in MEASURED}
    names = ("host", *numbers)
    return {
        trial: dict(zip(names, row, strict=True))
        for trial, *row in zip(ran["id"], ran["host"], *numbers.values(), strict=True)
    }
