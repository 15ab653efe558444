# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab doctor`: the doctor's playbook, its report as a table or as JSON.

Ansible ends a whole run where it cannot open one host's vault file. So that is looked at first, and whom it concerns is
left out of the run and reported.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...module_utils.errors import LabError
from ..doctor import CONTROLLER, Report, SecretsSeen, ends, lines, vault
from .playbook import Play, existing, keep_only_what_ansible_needs, play

INTERRUPTED = 130
NOTHING_SEEN = 2
GROUP = "llm_hosts"


@dataclass(frozen=True)
class DoctorRequest:
    limit: str | None
    inventory: Path
    json: bool


def doctor(request: DoctorRequest) -> int:
    """Look, show, and return the report's exit code."""
    try:
        inventory = existing(request.inventory, "the inventory", "name yours with -i, or make one with: lab init DIR")
        keep_only_what_ansible_needs()
        report = _report(inventory, request.limit)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return NOTHING_SEEN
    if report is None:
        print("lab: interrupted; nothing was changed", file=sys.stderr)
        return INTERRUPTED
    if request.json:
        print(json.dumps(report, indent=2))
    else:
        _show(report)
    return int(report["exit_code"])


def _report(inventory: Path, limit: str | None) -> dict[str, Any] | None:
    seen = vault.gather([str(inventory)], _why_shut)
    wanted = (limit or GROUP).replace(",", ":")  # with a comma it cannot be one side of `&` and `!`
    shut = [one.path for one in seen.sealed if one.why is not None and one.whole]
    if any(not _folder_and_name(path) for path in shut):
        return _without_hosts(seen, {})  # nobody knows which hosts there are
    left_out = _left_out(inventory, wanted, shut)
    if left_out:
        wanted = ":".join([wanted, *(f"!{name}" for name in left_out)])
        if not _hosts(inventory, wanted):
            return _without_hosts(seen, left_out)
    found: list[dict[str, Any]] = []

    def show(event: dict[str, Any]) -> None:
        data = event.get("event_data", {})
        if event["event"] == "runner_on_ok" and data.get("task_action") == "local_llm.lab.doctor_report":
            found.append(data["res"]["report"])

    played = play(Play("doctor", inventory, wanted, {"lab_left_out": left_out}), show, lambda: None)
    if played.stopped:
        return None
    if not found or (played.code and found[0]["verdict"] != "fail"):  # else its failures are what Ansible ends with
        print(played.output, file=sys.stderr)
        raise LabError(
            "There is no report, or not of all; Ansible says why above.",
            f"see: ansible-inventory -i {inventory} --graph",
        )
    return found[0]


def _without_hosts(seen: SecretsSeen, left_out: dict[str, str]) -> dict[str, Any]:
    hosts = {CONTROLLER: [vault.vault(seen), vault.plaintext_keys(seen)]}
    return Report(hosts | {name: [ends.left_out(name, why)] for name, why in left_out.items()}).as_dict()


def _left_out(inventory: Path, wanted: str, shut: list[Path]) -> dict[str, str]:
    """The hosts whose variables do not open: of a file of host_vars its host, of group_vars its group's hosts."""
    found: dict[str, str] = {}
    for path in shut:
        for name in _hosts(inventory, f"{wanted}:&{_folder_and_name(path)[1]}"):
            found[name] = f"{path} does not open"
    return found


def _folder_and_name(path: Path) -> tuple[str, ...]:
    """`group_vars` or `host_vars`, and whose; empty for a file that is in neither."""
    at = next((at for at, word in enumerate(path.parts) if word in ("group_vars", "host_vars")), None)
    return () if at is None else (path.parts[at], re.sub(r"\.(ya?ml|json)$", "", path.parts[at + 1]))


def _hosts(inventory: Path, pattern: str) -> list[str]:
    """The names this pattern matches; their variables are not read."""
    command = ["ansible", pattern, "-i", str(inventory), "--list-hosts"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if answer.returncode:
        raise LabError(
            f"The hosts {pattern} are not to be had: {_last(answer.stderr)}",
            f"see: ansible-inventory -i {inventory} --graph",
        )
    return [line.strip() for line in answer.stdout.splitlines()[1:] if line.strip()]


def _why_shut(path: Path) -> str | None:
    """Opened with the passwords that Ansible is configured with; nobody is asked for one."""
    answer = subprocess.run(
        ["ansible-vault", "view", str(path)],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    return _last(answer.stderr) if answer.returncode else None


def _last(text: str) -> str:
    said = [line for line in text.splitlines() if line.strip()]
    return said[0].removeprefix("[ERROR]: ") if said else "it said nothing"


def _show(report: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    styles = {"warn": "yellow", "fail": "red", "unknown": "cyan"}
    for line in lines(report):
        verdict = line.split()[1] if len(line.split()) > 1 else ""
        console.print(line, style=styles.get(verdict), markup=False, soft_wrap=True)
