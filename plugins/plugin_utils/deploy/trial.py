# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One trial through the agent on what was just loaded, graded, and kept out of the store."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...module_utils.processes import started
from ..agent import utc_now
from ..canary import find
from ..paths import SHIPPED_CANARIES
from ..sandbox import remove_tree
from ..sweep.digest import digest
from ..toolchain import make_ready
from ..worker.child import TrialCrashed, run_child

# What is void is not the model's doing.
VOID_TRIES = 3


@dataclass(frozen=True)
class Target:
    """A loaded model, and how the controller reaches it. `instance_id` is what requests call it."""

    host: str
    engine: str
    base_url: str
    api_key: str | None
    instance_id: str
    window_tokens: int
    chat: Mapping[str, Any]


def smoke_trial(
    lab_home: Path,
    target: Target,
    canary: str,
    canary_folders: list[str],
    sandbox: str | None,
    script: dict[str, Any] | None,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """The trial's record, and under `folder` where its transcript is. It replaces that of the deployment before."""
    roots = [*map(Path, canary_folders), SHIPPED_CANARIES]
    job = find(canary, roots)
    resources = make_ready([job], roots, lab_home, tell)
    home = (lab_home / "deployed" / "trials" / target.host).resolve()
    scratch = (lab_home / "scratch" / "deploy" / target.host).resolve()
    remove_tree(home)
    guardians = [{"pid": pid, "started": started(pid)} for pid in (os.getpid(), os.getppid())]
    name = f"deploy-{target.host}"
    record: dict[str, Any] = {}
    for attempt in range(1, VOID_TRIES + 1):
        remove_tree(scratch)
        folder = home / str(attempt)
        for one in (folder, scratch):
            one.mkdir(parents=True)
        spec = {
            "trial": name,
            "attempt": attempt,
            "folder": str(folder),
            "scratch": str(scratch),
            "engine": target.engine,
            "base_url": target.base_url,
            "api_key": target.api_key,
            "model": target.instance_id,
            "window_tokens": target.window_tokens,
            "canary": str(job.path),
            "toolchain": str(resources.toolchain) if resources.toolchain else None,
            "repositories": str(resources.repositories),
            # A ceiling is an answer here: nothing is asked past it.
            "budgets": job.budgets.as_dict() | {"probe_factor": 1},
            "chat": dict(target.chat),
            "seed": int(digest([name, attempt, dict(target.chat)], 8), 16) & 0x7FFFFFFF,
            "sandbox": sandbox,
            "guardians": guardians + ([script] if script else []),
        }
        began = utc_now()
        try:
            record = run_child(spec, lambda _event: None)
        except TrialCrashed as crash:
            record = crash.record(began)
        finally:
            remove_tree(scratch)
        record["folder"] = str(folder)
        if record["outcome"] != "void":
            break
    return record


def sentence(record: Mapping[str, Any]) -> str:
    """How it ended, for a person: `failed/capability/wrong_result after 3 turns`."""
    ended = "/".join(str(record[name]) for name in ("outcome", "ceiling", "detail") if record.get(name))
    error = f" ({record['error']})" if record.get("error") else ""
    return f"{ended}{error} after {record.get('turns', 0)} turns"


def why_not(record: Mapping[str, Any]) -> str | None:
    """What speaks against what is deployed; None where nothing does."""
    if record["outcome"] != "passed":
        return f"the smoke trial ended {sentence(record)}"
    if record.get("not_applied"):
        return f"the smoke trial passed, but {record['not_applied']}"
    return None
