# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the store refuses, and why."""

from __future__ import annotations

from collections.abc import Sequence

from ...module_utils.errors import LabError


class StoreError(LabError):
    """The store cannot be reached, or does not hold what was asked for."""


class StoreOfLaterVersion(StoreError):
    """Its tables mean something that this version of the collection does not know: not even reading is safe."""

    def __init__(self, name: str, version: int, known: int) -> None:
        super().__init__(
            f"The store {name} is of a later version of the collection: its tables are of version {version}, "
            f"this one knows {known}.",
            "use that version here as well: ansible-galaxy collection install --upgrade local_llm.lab.",
        )


class StackChanged(StoreError):
    """The engine, the driver or our agent is another one than when the open generation began."""

    def __init__(self, sweep: str, number: int, host_class: str, changes: Sequence[str]) -> None:
        super().__init__(
            f"The stack of {host_class} changed inside generation {number} of sweep {sweep}: {'; '.join(changes)}.",
            "start a new generation (lab sweep --new, or -e generation=new), or restore the stack.",
        )
        self.changes = list(changes)


class SweepChanged(StoreError):
    """The sweep file, a model or a canary no longer asks for what the open generation planned."""

    def __init__(self, sweep: str, number: int, changes: Sequence[str]) -> None:
        super().__init__(
            f"Sweep {sweep} changed inside generation {number}: {'; '.join(changes)}.",
            "start a new generation (lab sweep --new, or -e generation=new), or undo the change; "
            "only adding models, canaries, levels or replicates continues a generation.",
        )
        self.changes = list(changes)


class SweepRunning(StoreError):
    """Somebody on this controller is running the same sweep now."""

    def __init__(self, sweep: str, controller: str, pid: int, since: str) -> None:
        super().__init__(
            f"Sweep {sweep} is already running on {controller}: process {pid}, since {since}.",
            f"wait for it, or end it (kill {pid}) and run the same command again.",
        )
        self.pid = pid


class SessionOver(StoreError):
    """A worker whose run of the playbook has ended, or was replaced by a later one, wants another trial."""


class ClaimLost(StoreError):
    """The attempt was given up in the meantime: its lease ran out, or a later run took over."""
