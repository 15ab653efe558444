# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canaries that are written by a program, from a seed, so that no model has seen them."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from .git import git
from .model import CanaryError

SECONDS = 30.0
_PARTS = {"start", "hidden", "reference", "reference.delete", "cheats"}


def generate(script: Path, seed: int, out: Path) -> None:
    """Run the generator in a process of its own. It gets the seed and a folder to write to, and nothing else."""
    # Isolated, so with hash randomisation: a generator that depends on the order of a set is found out.
    command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", str(script.resolve()), str(seed), str(out)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, cwd=out, env={}, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        )
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise CanaryError(f"{script} did not end within {SECONDS:g} s.", "Make it write less.") from None
        if process.returncode != 0:
            said.seek(0)
            last = said.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise CanaryError(f"{script} {seed} failed: {last or process.returncode}", f"Run it: {script} {seed} OUT")
    _check(script, out)


def _check(script: Path, out: Path) -> None:
    unknown = sorted({path.name for path in out.iterdir()} - _PARTS)
    if unknown:
        raise CanaryError(f"{script} wrote {unknown[0]}.", f"Let it write {', '.join(sorted(_PARTS))} only.")
    for path in sorted(out.rglob("*")):
        kind = stat.S_IFMT(path.lstat().st_mode)
        inside = path.resolve().is_relative_to(out.resolve() / path.relative_to(out).parts[0])
        if kind not in (stat.S_IFDIR, stat.S_IFREG, stat.S_IFLNK):
            raise CanaryError(f"{script} wrote {path.relative_to(out)}, which is no file.", "Let it write files only.")
        if kind == stat.S_IFLNK and (path.readlink().is_absolute() or not inside):
            raise CanaryError(
                f"{script} wrote {path.relative_to(out)}, a link out of its tree.", "Let it link inside the tree only."
            )
    if not (out / "start").is_dir():
        raise CanaryError(f"{script} wrote no start.", "Let it write the tree to OUT/start.")


def hidden_modules(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py"))}


def overlays(out: Path) -> dict[str, str]:
    """The reference and the cheats, each as a patch for the start."""
    folders = {"reference": out / "reference"} if (out / "reference").is_dir() else {}
    folders |= {path.name: path for path in sorted((out / "cheats").glob("*")) if path.is_dir()}
    with tempfile.TemporaryDirectory(prefix="lab-overlay-") as scratch:
        repository = Path(scratch) / "repository"
        git(Path(scratch), "init", "--quiet", "--template=", str(repository))
        attributes_for_text(repository / ".git")
        tree = _tree(repository, out / "start")
        patches = {}
        for name, folder in folders.items():
            merged = Path(scratch) / "merged"
            shutil.copytree(out / "start", merged, symlinks=True)
            shutil.copytree(folder, merged, symlinks=True, dirs_exist_ok=True)
            for path in _deleted(folder):
                (merged / path).unlink()
            _tree(repository, merged)
            patches[name] = git(repository, "diff", "--cached", "--binary", "--no-renames", tree)
            shutil.rmtree(merged)
    return patches


def attributes_for_text(data: Path) -> None:
    """Make all diffs of a repository plain text, whatever the files' encoding: they travel inside JSON."""
    (data / "info").mkdir(exist_ok=True)
    (data / "info" / "attributes").write_text("* -diff\n", encoding="ascii")


def tree_digest(folder: Path) -> str:
    """Git's own name for a folder's contents."""
    with tempfile.TemporaryDirectory(prefix="lab-tree-") as scratch:
        git(Path(scratch), "init", "--quiet", "--template=", scratch)
        return _tree(Path(scratch), folder)


def _tree(repository: Path, folder: Path) -> str:
    where = (f"--git-dir={repository / '.git'}", f"--work-tree={folder}")
    git(repository, *where, "add", "--all", "--force", str(folder))
    return git(repository, "write-tree").strip()


def _deleted(folder: Path) -> list[str]:
    listed = folder.with_name(f"{folder.name}.delete")
    return listed.read_text(encoding="utf-8").split("\n")[:-1] if listed.is_file() else []
