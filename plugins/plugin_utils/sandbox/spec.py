# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sandbox is asked for, and how it can fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ...module_utils.errors import LabError


class SandboxUnavailable(LabError):
    """No way to confine model-written code on this controller: nothing runs."""


class SandboxDied(LabError):
    """The sandbox ended, or did not answer in time and was killed. Not the model's doing."""


@dataclass(frozen=True)
class Limits:
    """Hard limits of everything inside.

    Those of files, CPU and open files hold per process; that of memory per process and for all together; those of
    processes and of places for all together. What is written to a place is memory, too.
    """

    processes: int = 128
    file_bytes: int = 256 * 2**20
    memory_bytes: int = 2 * 2**30
    cpu_seconds: int = 600
    open_files: int = 512
    workspace_bytes: int = 256 * 2**20
    origin_bytes: int = 128 * 2**20
    tmp_bytes: int = 128 * 2**20
    files: int = 100_000

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True)
class SandboxSpec:
    """What is visible inside.

    /workspace and, where there is one, /origin.git begin as copies of folders on the host, which stay as they are.
    `readonly` are pairs (path on the host, absolute path inside). What is masked is not visible, even where it lies in
    something of the host that is: an installed collection in /usr, say.
    """

    workspace: Path | None = None
    origin: Path | None = None
    readonly: Sequence[tuple[Path, str]] = ()
    masked: Sequence[Path] = ()
    limits: Limits = Limits()
