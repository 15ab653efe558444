# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a canary is, and where its tree comes from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...module_utils.errors import LabError


class CanaryError(LabError):
    """A canary that is unknown, or whose folder is not in order."""


@dataclass(frozen=True)
class Budgets:
    """What a trial may use. Seconds of the wall clock are the trial's, those of a command one command's."""

    turns: int
    generated_tokens: int
    completion_tokens: int
    wall_clock_seconds: float
    command_seconds: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Patches:
    """start.patch is the whole tree."""


@dataclass(frozen=True)
class Generator:
    """generator.py writes the tree, the hidden tests, the reference and the cheats from a seed."""

    seed: int


@dataclass(frozen=True)
class Package:
    """start.patch applies to a folder of a pure-Python wheel, which the toolchain holds unpacked."""

    name: str
    version: str
    sha256: str
    folder: str


@dataclass(frozen=True)
class Repository:
    """Somebody's own repository at a commit. Its tests are a command; `tests` are the paths put back before it runs."""

    url: str
    commit: str
    tests: tuple[str, ...]
    tests_commit: str | None
    reference_commit: str | None


Source = Patches | Generator | Package | Repository


@dataclass(frozen=True)
class Canary:
    """One benchmark job.

    `folder` is where it is written down: a folder, or the YAML file that names a repository. The digest covers all of
    it, and the seed where the name has one, so it changes with anything that changes the job.
    """

    name: str
    digest: str
    folder: Path
    grade: int
    duty: str
    prompt: str
    autonomy: str
    budgets: Budgets
    test_command: tuple[str, ...]
    hidden_tests: int
    hidden_seconds: float
    solvable: bool
    toolchain: bool
    source: Source

    @property
    def path(self) -> Path:
        """What `load` takes to make this canary again: the folder, with the seed where the name has one."""
        return self.folder.with_name(self.name) if "@" in self.name else self.folder
