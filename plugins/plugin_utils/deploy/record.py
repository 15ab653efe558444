# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is deployed on a host, and what was before: one file a host under lab_home/deployed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...module_utils.errors import LabError
from ...module_utils.files import write_whole
from .decided import as_yaml, yaml

SCHEMA = "local_llm.lab/deployed/1"
HEAD = "# What is deployed on this host, and what was before. Written by deploy.yml.\n"


class NothingBefore(LabError):
    """There is no earlier decision to go back to."""


def path_of(lab_home: Path, host: str) -> Path:
    return lab_home / "deployed" / f"{host}.yml"


def read_record(lab_home: Path, host: str) -> dict[str, Any]:
    """`current`, `previous` and `rolled_back`, None where there is none."""
    path = path_of(lab_home, host)
    found: Any = {"schema": SCHEMA}
    if path.exists():
        try:
            found = yaml().safe_load(path.read_text())
        except (OSError, UnicodeDecodeError, yaml().YAMLError) as error:
            found = " ".join(str(error).split())
    if not isinstance(found, Mapping) or found.get("schema") != SCHEMA:
        said = found if isinstance(found, str) else "it is of another kind or version"
        raise LabError(f"The record {path} cannot be read: {said}.", "move it away, and deploy again")
    return {name: found.get(name) for name in ("current", "previous", "rolled_back")}


def previous_of(lab_home: Path, host: str) -> dict[str, Any]:
    """What a rollback deploys; it is forgotten once that is done, so that a second one does not go forth again."""
    before = read_record(lab_home, host)["previous"]
    if not before:
        raise NothingBefore(
            f"{host}: no decision is known from before the one that is deployed.",
            "deploy the decision that is wanted: ansible-playbook local_llm.lab.deploy -e decision=PATH",
        )
    return dict(before)


def is_current(record: Mapping[str, Any], deployment: Mapping[str, Any]) -> bool:
    """Whether exactly this is what was deployed last."""
    current = dict(record["current"] or {})
    current.pop("at", None)
    return current == dict(deployment)


def after(
    record: Mapping[str, Any], deployment: Mapping[str, Any], at: str, rolled_back: bool = False
) -> dict[str, Any]:
    """The record once this is deployed; the same one where it was."""
    if is_current(record, deployment):
        return dict(record)
    current = {**deployment, "at": at}
    if rolled_back:
        return {"current": current, "previous": None, "rolled_back": record["current"]}
    return {"current": current, "previous": record["current"], "rolled_back": None}


def as_text(record: Mapping[str, Any]) -> str:
    if not any(record.values()):
        return ""
    return HEAD + as_yaml({"schema": SCHEMA, **record})


def write_record(lab_home: Path, host: str, record: Mapping[str, Any]) -> None:
    path = path_of(lab_home, host)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, as_text(record).encode())
