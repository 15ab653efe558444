# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A decision file as it is read again: what it says for one duty and tier, or why it says nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ...module_utils.errors import LabError

SCHEMA = "local_llm.lab/decision/2"
NEEDED = ("model", "digest", "cell", "label", "host_class", "load", "chat", "evidence")


class NotDecided(LabError):
    """A decision file that cannot be applied, or that decides nothing for what was asked."""


@cache
def yaml() -> Any:
    import yaml as module

    return module


def as_yaml(value: Mapping[str, Any]) -> str:
    """Through JSON: what came through Ansible is tagged, which YAML would not write."""
    plain = json.loads(json.dumps(value))
    return str(yaml().safe_dump(plain, sort_keys=False, allow_unicode=True, width=120))


def read_decision(path: Path) -> dict[str, Any]:
    """The whole file, seen to be a decision of the kind that is written today."""
    another = "write it again with: ansible-playbook local_llm.lab.decide -e sweep=NAME"
    try:
        found = yaml().safe_load(path.read_text())
    except OSError as error:
        raise NotDecided(f"The decision {path} cannot be read: {error.strerror}.", another) from error
    except (UnicodeDecodeError, yaml().YAMLError) as error:
        raise NotDecided(f"{path} is no YAML: {' '.join(str(error).split())}.", another) from error
    if not isinstance(found, Mapping) or found.get("schema") != SCHEMA:
        schema = found.get("schema") if isinstance(found, Mapping) else None
        raise NotDecided(f"{path} is no decision of this version: its schema is {schema}, not {SCHEMA}.", another)
    return dict(found)


def decided(path: Path, duty: str, tier: str) -> dict[str, Any]:
    """What is to be deployed: the chosen cell, and under `decision` and `suite` what it rests on."""
    whole = read_decision(path)
    if whole.get("interim"):
        raise NotDecided(
            f"{path} is interim: its generation was not complete.", "run the sweep to its end and decide again"
        )
    entries = [one for one in whole.get("decisions", []) if one.get("duty") == duty]
    entry = next((one for one in entries if one.get("tier") == tier), None)
    if entry is None:
        has = ", ".join(sorted({f"{one['duty']} on {one['tier']}" for one in whole.get("decisions", [])})) or "nothing"
        raise NotDecided(
            f"{path} says nothing of the duty {duty} on {tier} hosts; it has: {has}.",
            "sweep with hosts of that tier and good_enough for that duty, or limit the hosts with -l",
        )
    chosen = entry.get("chosen")
    if not chosen:
        raise NotDecided(
            f"Nothing is decided for {duty} on {tier} hosts: {entry.get('why', 'no reason is given')}",
            "see losing in the same file for what was tried",
        )
    missing = [name for name in NEEDED if name not in chosen]
    if missing:
        raise NotDecided(
            f"{path}: what is chosen for {duty} on {tier} hosts lacks {', '.join(missing)}.",
            "do not write decisions by hand: decide again, nothing is deployed that was not a cell",
        )
    rests_on = {"sweep": whole["sweep"], "generation": (whole.get("generation") or {}).get("number")}
    return {
        **chosen,
        "duty": duty,
        "tier": tier,
        "decision": rests_on | {name: chosen[name] for name in ("cell", "label", "evidence")},
        "suite": whole.get("suite", {}),
        "wanted": entry.get("wanted", {}),
    }
