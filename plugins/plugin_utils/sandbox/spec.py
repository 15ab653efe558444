# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sandbox is asked for, and how it can fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ...module_utils.errors import LabError

WORKSPACE = "/workspace"


class SandboxUnavailable(LabError):
    """No way to confine model-written code on this controller: nothing runs."""


class SandboxDied(LabError):
    """The sandbox ended, or did not answer in time and was killed. Not the model's doing."""


@dataclass(frozen=True)
class Limits:
    """Hard limits of everything inside. Those of memory, files and CPU hold per process, of processes together."""

    processes: int = 128
    file_bytes: int = 256 * 2**20
    memory_bytes: int = 2 * 2**30
    cpu_seconds: int = 600
    open_files: int = 512
    tmp_bytes: int = 256 * 2**20

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True)
class SandboxSpec:
    """What is visible inside: the workspace at /workspace, and pairs (path on the host, absolute path inside).

    What is masked is not, even where it lies in something of the host that is: an installed collection in /usr, say.
    """

    workspace: Path
    writable: Sequence[tuple[Path, str]] = ()
    readonly: Sequence[tuple[Path, str]] = ()
    masked: Sequence[Path] = ()
    limits: Limits = Limits()
