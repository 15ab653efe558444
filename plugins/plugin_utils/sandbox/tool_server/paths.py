# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of files, and handles on them that nothing leads astray."""

from __future__ import annotations

import errno
import os

from .words import Refused

MAX_LINKS = 40
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW


def components(path: object) -> list[str]:
    """A path relative to the repository, taken apart; none for the repository itself."""
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        raise Refused("path must be the name of a file, for example src/main.py")
    if os.path.isabs(path):
        raise Refused(f"{path}: use a path relative to the repository, without a leading slash")
    parts = os.path.normpath(path).split(os.sep)
    if ".." in parts:
        raise Refused(f"{path}: outside the repository; paths must not climb with ..")
    if parts[0] == ".git":
        raise _not_yours(path)
    return [] if parts == ["."] else parts


def open_beneath(root: int, path: object, flags: int, *, make_folders: bool = False) -> int:
    """A handle on something in the tree below the folder `root`.

    Each folder on the way is opened from the one before it, never through a link: links are read and followed here. So
    one that is put in place meanwhile gets nobody out of the tree, whatever the kernel and its filters can do.
    """
    ahead = components(path)[::-1]
    passed: list[int] = []
    links = 0
    try:
        while ahead:
            name, here = ahead.pop(), passed[-1] if passed else root
            if name in ("", "."):
                continue
            if name == "..":
                if not passed:
                    raise _leads_out(path)
                os.close(passed.pop())
                continue
            if name == ".git" and not passed:
                raise _not_yours(path)
            target = _link(name, here)
            if target is not None:
                links += 1
                if links > MAX_LINKS or os.path.isabs(target):
                    raise _leads_out(path)
                ahead += target.split(os.sep)[::-1]
            elif ahead:
                passed.append(_folder(name, here, make_folders))
            else:
                return os.open(name, flags | os.O_NOFOLLOW, 0o666, dir_fd=here)
        return os.open(".", flags, dir_fd=passed[-1] if passed else root)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _leads_out(path) from None
        raise
    finally:
        for handle in passed:
            os.close(handle)


def _link(name: str, folder: int) -> str | None:
    try:
        return os.readlink(name, dir_fd=folder)
    except OSError:
        return None  # no link, or nothing at all: opening it will tell


def _folder(name: str, folder: int, make: bool) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    os.mkdir(name, dir_fd=folder)
    return os.open(name, _FOLDER, dir_fd=folder)


def _leads_out(path: object) -> Refused:
    return Refused(f"{path}: leads outside the repository through a symbolic link")


def _not_yours(path: object) -> Refused:
    return Refused(f"{path}: the repository's own data is not yours to touch; use push to commit")
