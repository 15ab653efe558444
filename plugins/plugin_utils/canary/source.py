# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a canary is made of, whatever its source: the tree it starts from, its hidden tests, its oracles."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from . import fetched
from .generated import generate, hidden_modules, overlays, tree_digest
from .git import git
from .model import Canary, CanaryError, Generator, Package, Patches, Repository

TOOLCHAIN_INSIDE = "/opt/lab/toolchain"
_SET_UP = "Run it in a sweep or with lab canary verify: both make everything ready first."


@dataclass(frozen=True)
class Resources:
    """What lies ready on the controller for canaries that are more than patches: made at set-up, read by trials."""

    toolchain: Path | None = None
    repositories: Path | None = None

    def mounts(self, canary: Canary) -> list[tuple[Path, str]]:
        """What a sandbox of that canary shows of it: what can be imported, never what trees are made of."""
        if not canary.toolchain:
            return []
        if self.toolchain is None:
            raise CanaryError(f"{canary.name} needs the toolchain, which was not built.", _SET_UP)
        return [(self.toolchain / "inside", TOOLCHAIN_INSIDE)]


@dataclass(frozen=True)
class Oracles:
    """Patches for the start tree: the one that must pass, None where there is none, and those that must not."""

    reference: str | None
    cheats: dict[str, str] = field(default_factory=dict)


def write_start(canary: Canary, workspace: Path, resources: Resources) -> None:
    """Put the start tree into an empty repository, index included.

    Each object is made once: one that is in no tree would tell how the start was made, and what was taken out of it.
    """
    source = canary.source
    if isinstance(source, Patches):
        _apply(canary, "start.patch", workspace, "--index")
        return
    if isinstance(source, Generator):
        with _generated(canary) as out:
            shutil.copytree(out / "start", workspace, symlinks=True, dirs_exist_ok=True)
    elif isinstance(source, Package):
        _unpack_base(source, workspace, resources)
        _apply(canary, "start.patch", workspace)
    else:
        fetched.check_out(source, workspace, resources.repositories)
    git(workspace, "add", "--all", "--force")


def hidden_sources(canary: Canary) -> dict[str, str]:
    """The hidden tests, by module name. They are kept in memory: no tree an agent's code can see ever holds them."""
    if isinstance(canary.source, Repository) or not canary.hidden_tests:
        return {}
    if isinstance(canary.source, Generator):
        with _generated(canary) as out:
            return hidden_modules(out / "hidden")
    with tempfile.TemporaryDirectory(prefix="lab-hidden-") as folder:
        _apply(canary, "hidden.patch", Path(folder))
        return hidden_modules(Path(folder))


def restored_tests(canary: Canary, resources: Resources) -> str:
    """A patch for the start tree: the tests of a repository's canary, where they are run otherwise than they start."""
    if isinstance(canary.source, Repository):
        return fetched.tests_patch(canary.source, resources.repositories)
    return ""


def oracles(canary: Canary, resources: Resources) -> Oracles:
    source = canary.source
    if isinstance(source, Repository):
        return Oracles(fetched.reference_patch(source, resources.repositories))
    if isinstance(source, Generator):
        with _generated(canary) as out:
            patches = overlays(out)
        if canary.solvable and "reference" not in patches:
            raise CanaryError(f"{canary.name}: the generator wrote no reference.", "Make it write OUT/reference.")
        return Oracles(patches.pop("reference", None), patches)
    reference = canary.folder / "reference.patch"
    return Oracles(
        reference.read_text(encoding="utf-8") if canary.solvable else None,
        {path.stem: path.read_text(encoding="utf-8") for path in sorted((canary.folder / "cheats").glob("*.patch"))},
    )


def start_tree(canary: Canary) -> str:
    """Git's name for the tree that the generator writes, this time."""
    with _generate(canary) as folder:
        return tree_digest(Path(folder) / "start")


@contextmanager
def _generated(canary: Canary) -> Iterator[Path]:
    """What the generator of a canary writes, for as long as it is looked at."""
    kept = _generate_once(canary)
    yield Path(kept.name)


def _generate(canary: Canary) -> tempfile.TemporaryDirectory[str]:
    if not isinstance(canary.source, Generator):
        raise TypeError(f"{canary.name} has no generator")
    folder = tempfile.TemporaryDirectory(prefix="lab-generated-")
    try:
        generate(canary.folder / "generator.py", canary.source.seed, Path(folder.name))
    except BaseException:
        folder.cleanup()
        raise
    return folder


# A trial lays out twice and grades: it would run the generator three times. A folder goes with the last who holds it.
_generate_once = lru_cache(maxsize=16)(_generate)


def _unpack_base(package: Package, workspace: Path, resources: Resources) -> None:
    """The package's folder and its licence. Where they lie, no sandbox sees: the whole package is the answer."""
    if resources.toolchain is None:
        raise CanaryError(
            f"The tree of this canary is made of {package.name} {package.version}, which is not there.",
            _SET_UP,
        )
    unpacked = resources.toolchain / "packages" / f"{package.name}-{package.version}"
    if not (unpacked / package.folder).is_dir():
        raise CanaryError(f"{unpacked} has no folder {package.folder}.", "Correct the canary's package.")
    shutil.copytree(unpacked / package.folder, workspace / package.folder)
    for path in sorted(unpacked.glob("*.dist-info/**/*")):
        if path.is_file() and path.name.upper().startswith(("LICENSE", "LICENCE", "COPYING", "NOTICE")):
            shutil.copyfile(path, workspace / path.name)


def _apply(canary: Canary, patch: str, folder: Path, *options: str) -> None:
    git(folder, "apply", "--whitespace=nowarn", *options, str((canary.folder / patch).resolve()))
