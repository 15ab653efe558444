# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a decision means for one host, and whether that is what is deployed there."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path
from typing import Any

from ...module_utils.errors import LabError
from ..agent import utc_now
from ..deploy.decided import decided
from ..deploy.loading import OtherModel, as_measured, block
from ..deploy.record import after, as_text, is_current, path_of, previous_of, read_record, write_record
from ..smoke.rescue import found_again
from .stack import Host, host_classes

# What the agent is told of the settings that smoke found to work.
TOLD = ("tool_style",)


def planned(lab_home: str, catalog: str, decision: str, duty: str, rollback: bool, host: Host) -> dict[str, Any]:
    """`deployment` is what the record will say, `block` what has to be loaded for it, `before` the same of what is
    deployed now (none, if nothing is)."""
    home, name = Path(lab_home), host["name"]
    record = read_record(home, name)
    here = host_classes([host])[name].id
    if rollback:
        deployment = previous_of(home, name)
        deployment.pop("at", None)
    else:
        deployment = _deployment(decided(Path(decision), duty, host["tier"]), host, here)
    model = as_measured(Path(catalog), deployment)
    return {
        "deployment": deployment,
        "block": _block(Path(catalog), deployment),
        "before": _before(Path(catalog), record["current"]),
        "recorded": is_current(record, deployment),
        "owner": f"deploy by {getpass.getuser()}@{socket.gethostname()}:{home.resolve()}",
        "lines": [
            f"{name}: {'back to ' if rollback else ''}{model.name}, {deployment['decision']['label']}, for the duty "
            f"{deployment['duty']}: {deployment['decision']['evidence']}",
            *_notes(deployment, here),
        ],
    }


def recorded(lab_home: str, host: str, deployment: dict[str, Any], rolled_back: bool, check: bool) -> dict[str, Any]:
    """Write down what is deployed now, and keep what was before."""
    home = Path(lab_home)
    before = read_record(home, host)
    now = after(before, deployment, utc_now(), rolled_back)
    path = str(path_of(home, host))
    if now != before and not check:
        write_record(home, host, now)
    return {
        "changed": now != before,
        "path": path,
        "record": now,
        "diff": {"before": as_text(before), "after": as_text(now), "before_header": path, "after_header": path},
    }


def _deployment(chosen: dict[str, Any], host: Host, here: str) -> dict[str, Any]:
    settings = chosen.get("settings") or {}
    told = {name: settings[name] for name in TOLD if name in settings}
    names = ("duty", "tier", "model", "digest", "host_class", "load", "decision", "suite", "wanted")
    return {name: chosen[name] for name in names} | {
        "chat": chosen["chat"] | told,
        "settings": settings,
        "engine": host["engine"],
        "base_url": host["base_url"],
        "deployed_class": here,
    }


def _block(catalog: Path, deployment: dict[str, Any]) -> dict[str, Any]:
    """Under the chat template that smoke found to work, where that is not the asked one."""
    model = as_measured(catalog, deployment)
    made = block(model, deployment["load"])
    if not deployment.get("settings"):
        return made
    settings = found_again(deployment["settings"], made["alternatives"])
    if settings is None:
        named = deployment["settings"].get("chat_template_name", "a chat template")
        raise OtherModel(
            f"{model.name} was measured under {named}, which its catalog entry does not name as it was any more.",
            "restore it under chat_templates, or sweep and decide again",
        )
    return made | {name: settings[name] for name in ("chat_template",) if name in settings}


def _before(catalog: Path, current: dict[str, Any] | None) -> dict[str, Any] | None:
    """What to load again should this deployment fail; a catalog that has it no more is told then, not now."""
    if not current:
        return None
    try:
        return {"label": f"{current['model']}, {current['decision']['label']}", "block": _block(catalog, current)}
    except LabError:
        return None


def _notes(deployment: dict[str, Any], here: str) -> list[str]:
    if deployment["host_class"] == here:
        return []
    return [
        f"it was measured on {deployment['host_class']}, and this host is {here}: speed and memory may differ, and the "
        "pass rate where the engine does"
    ]
