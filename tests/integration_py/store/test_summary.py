# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary: everything the findings are made of, as plain data."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.local_llm.lab.plugins.plugin_utils.store.database import Database
from ansible_collections.local_llm.lab.plugins.plugin_utils.store.tables import tables

RECORD = {
    "outcome": "failed", "ceiling": "capability", "detail": "wrong_result", "would_pass": False, "turns": 5,
    "generated_tokens": 321, "wall_seconds": 9.25, "budgets": {"turns": 8}, "error": None,
}  # fmt: skip


def test_the_summary_holds_what_was_planned_loaded_smoked_and_recorded(lab: Any) -> None:
    claim = lab.claim(lab.session())
    lab.store.add_load(
        lab.id, host="box", model="tiny", load_digest=claim.trial["load_digest"], load=claim.trial["load"],
        load_seconds=0.7, predicted_bytes=300 * 2**30, resident_bytes=264_000_000, available_bytes=20 * 2**30,
    )  # fmt: skip
    checks = [{"name": "tool call", "ok": True, "detail": "write_file"}]
    lab.store.add_smoke(
        lab.id, host="box", model="tiny", load_digest=claim.trial["load_digest"], ok=True, checks=checks
    )
    lab.store.record(claim, RECORD)
    summary = lab.store.summary(lab.id)
    assert json.loads(json.dumps(summary)) == summary
    assert summary["sweep"] == lab.sweep.as_dict()
    assert summary["generation"] == {
        "id": lab.id,
        "number": 1,
        "state": "open",
        "stack": {"llama_cpp/cpu/16": {"engine": {"build": "b1"}, "agent": "a1"}},
        "created_at": lab.generation.created_at,
        "completed_at": None,
    }
    assert summary["models"] == {"tiny": lab.model.as_dict()}
    assert summary["hosts"] == [
        {"name": "box", "host_class": "llama_cpp/cpu/16", "tier": "lite", "engine": "llama_cpp"}
    ]
    (load,) = summary["loads"]
    assert load["predicted_bytes"] == 300 * 2**30 and load["at"].endswith("+00:00")
    (smoke,) = summary["smokes"]
    assert smoke["ok"] is True and smoke["checks"] == checks
    assert summary["cells"][0] == {
        "id": summary["cells"][0]["id"],
        "model": "tiny",
        "host_class": "llama_cpp/cpu/16",
        "factor": None,
        "level": None,
        "load": {"context_tokens": 4096},
        "chat": {"temperature": 0.3},
        "load_digest": claim.trial["load_digest"],
        "state": "open",
        "numbers": None,
    }
    assert [cell["factor"] for cell in summary["cells"]] == [None, "temperature", "context_tokens"]
    assert [cell["level"] for cell in summary["cells"]] == [None, 0.0, 8192]
    first = next(trial for trial in summary["trials"] if trial["id"] == claim.trial["id"])
    attempt = first["attempts"][0]
    assert first == {
        "id": claim.trial["id"],
        "cell": claim.trial["cell"],
        "model": "tiny",
        "model_digest": lab.model.digest,
        "canary": claim.trial["canary"],
        "canary_digest": claim.trial["canary"],
        "grade": 0,
        "replicate": 1,
        "seed": claim.trial["seed"],
        "block": claim.trial["block"],
        "purpose": claim.trial["purpose"],
        "stage": "screen",
        "state": "done",
        "host": "box",
        "attempts": [
            {
                "number": 1,
                "host": "box",
                "state": "done",
                "why": None,
                "started_at": attempt["started_at"],
                "ended_at": attempt["ended_at"],
            }
        ],
        "record": RECORD,
    }
    assert attempt["ended_at"] >= attempt["started_at"]
    assert summary["trials"][-1]["record"] is None and summary["trials"][-1]["host"] is None
    assert [(block["number"], block["state"]) for block in summary["blocks"]] == [(n, "planned") for n in range(4)]


def test_hosts_of_several_runs_are_kept_together(lab: Any) -> None:
    box = {"name": "box", "host_class": lab.host_class.id, "tier": "lite", "engine": "llama_cpp"}
    for host in (box | {"name": "attic"}, box | {"tier": "full"}):
        lab.store.plan(lab.generation, lab.planned(), lab.sweep.as_dict(), [host])
    assert [(host["name"], host["tier"]) for host in lab.store.summary(lab.id)["hosts"]] == [
        ("attic", "lite"),
        ("box", "full"),
    ]


def test_rounds_are_in_the_order_they_were_looked_at(store_url: str, lab: Any) -> None:
    looks = [("b", 1), ("a", 2), ("a", 1)]
    same = {"generation": lab.id, "host_class": "llama_cpp/cpu/16", "at": "2026-01-01T00:00:00.000+00:00"}
    rows = [{**same, "model": model, "number": number, "decisions": [number]} for model, number in looks]
    with Database(store_url, read_only=False).writing() as connection:
        connection.execute(tables().rounds.insert(), rows)
    rounds = lab.store.summary(lab.id)["rounds"]
    assert [(one["model"], one["number"]) for one in rounds] == sorted(looks)
    assert rounds[0] == {key: value for key, value in rows[2].items() if key != "generation"}
