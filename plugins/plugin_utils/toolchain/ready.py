# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make everything ready that canaries need and trials only read: toolchain, packages, somebody's repositories."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ..canary import Canary, Package, Repository, Resources, fetch, load, names
from .toolchain import ensure, planned


def make_ready(canaries: Sequence[Canary], roots: Iterable[Path], home: Path, tell: Callable[[str], None]) -> Resources:
    """Build and fetch what these canaries need; the roots are all that canaries are looked for in."""
    resources = ready(canaries, roots, home)
    if resources.toolchain is not None:
        ensure(home.resolve(), packages(roots), tell)
    for canary in canaries:
        if isinstance(canary.source, Repository):
            fetch(canary.source, home.resolve() / "repositories")
    return resources


def ready(canaries: Sequence[Canary], roots: Iterable[Path], home: Path) -> Resources:
    """Where all that is. No toolchain where none of the canaries needs it: a small sweep does not wait for one."""
    needed = any(canary.toolchain or isinstance(canary.source, Package) for canary in canaries)
    home = home.resolve()
    return Resources(planned(home, packages(roots)) if needed else None, home / "repositories")


def packages(roots: Iterable[Path]) -> list[Package]:
    """The packages of all canaries in these roots, so that every sweep has the same toolchain."""
    found = set()
    for root in roots:
        for name in names(root):
            if (root / name).is_dir() and isinstance(source := load(root / name).source, Package):
                found.add(source)
    return sorted(found, key=lambda package: (package.name, package.version, package.sha256))
