# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools that read and change files."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from io import RawIOBase
from typing import Any

from .paths import components, open_beneath
from .words import MAX_CHARS, WORKSPACE, Refused, cut, shown

MAX_ENTRIES = 500
MAX_DIGEST_ENTRIES = 20_000
MAX_READ_BYTES = 4 * 2**20
# Made by running things, not by working on them.
CACHES = ("__pycache__", ".pytest_cache")

Walk = Iterator[tuple[str, list[str], list[str], int]]


class Tree:
    """The working tree. Its folder is opened once: what becomes of the name later does not matter."""

    def __init__(self, root: str = WORKSPACE) -> None:
        self._root = os.open(root, os.O_PATH | os.O_DIRECTORY)
        self._contents: dict[str, tuple[bytes, bytes]] = {}  # by path: when it was hashed last, and what came out

    def open(self, path: object, flags: int = os.O_RDONLY, *, make_folders: bool = False) -> int:
        # O_NONBLOCK: a FIFO would block.
        return open_beneath(self._root, path, flags | os.O_NONBLOCK, make_folders=make_folders)

    def walk(self, path: object = ".") -> Walk:
        """Folder (relative to the tree), names of folders and files in it, and a handle; links are not followed."""
        top = "/".join(components(path))
        try:
            handle = self.open(path, os.O_PATH | os.O_DIRECTORY)
        except (FileNotFoundError, NotADirectoryError):
            raise Refused(f"{path}: no such folder") from None
        try:
            for folder, folders, files, here in os.fwalk(".", dir_fd=handle):
                folders[:] = sorted(name for name in folders if name != ".git")
                yield os.path.normpath(os.path.join(top, folder)), folders, sorted(files), here
        finally:
            os.close(handle)

    def list(self, path: object = ".") -> dict[str, object]:
        entries: list[str] = []
        for folder, folders, files, _handle in self.walk(path):
            names = sorted([name + "/" for name in folders] + files)
            entries += [shown(name if folder == "." else f"{folder}/{name}") for name in names]
            if len(entries) > MAX_ENTRIES:
                entries[MAX_ENTRIES:] = [f"[... more than {MAX_ENTRIES} entries, list a folder below ...]"]
                break
        return {"entries": entries}

    def read(self, path: object, start_line: int = 1, end_line: int | None = None) -> dict[str, object]:
        lines = self._text(path).splitlines(keepends=True)
        whole = "".join(lines[max(int(start_line), 1) - 1 : None if end_line is None else int(end_line)])
        return {"content": cut(whole, MAX_CHARS), "total_lines": len(lines)}

    def write(self, path: object, content: object) -> dict[str, object]:
        if not isinstance(content, str):
            raise Refused("content must be text")
        data = content.encode("utf-8", "replace")
        try:
            handle, is_new = self._open_for_writing(path)
        except (IsADirectoryError, NotADirectoryError):
            raise Refused(f"{path}: not a file") from None
        with open(handle, "r+b", buffering=0) as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise Refused(f"{path}: not a file")
            before = file.read(MAX_READ_BYTES + 1)
            if before == data and not is_new:
                return {"bytes": len(data), "changed": False}
            try:
                _replace(file, data)
            except OSError:
                if len(before) <= MAX_READ_BYTES:
                    _replace(file, before)
                raise
        return {"bytes": len(data), "changed": True}

    def _open_for_writing(self, path: object) -> tuple[int, bool]:
        try:
            return self.open(path, os.O_RDWR), False
        except FileNotFoundError:
            return self.open(path, os.O_RDWR | os.O_CREAT, make_folders=True), True

    def edit(self, path: object, old: object, new: object) -> dict[str, object]:
        text = self._text(path)
        if not isinstance(old, str) or not isinstance(new, str) or not old:
            raise Refused("old and new must be text, and old must not be empty")
        found = text.count(old)
        if found != 1:
            raise Refused(f"{path}: old occurs {found} times, it must occur exactly once; nothing was changed")
        return self.write(path, text.replace(old, new))

    def digest(self) -> dict[str, object]:
        """What state the tree is in; back to what it was, back to its digest. Only what may have changed is read."""
        import hashlib  # loads a large library, which opening a sandbox should not wait for

        total, entries = hashlib.sha256(), 0
        for folder, folders, files, handle in self.walk():
            folders[:] = [name for name in folders if name not in CACHES]
            for name in folders + files:
                path, state = f"{folder}/{name}", _state(name, handle)
                before, content = self._contents.get(path, (b"", b""))
                if state != before:
                    content = _content(name, handle, state, hashlib.sha256)
                    self._contents[path] = (state, content)
                total.update(path.encode("utf-8", "surrogateescape") + b"\0" + content + b"\n")
            entries += len(folders) + len(files)
            if entries > MAX_DIGEST_ENTRIES:
                break
        return {"digest": total.hexdigest()}

    def _text(self, path: object) -> str:
        try:
            handle = self.open(path)
        except (FileNotFoundError, NotADirectoryError):
            raise Refused(f"{path}: no such file") from None
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise Refused(f"{path}: not a file")
        with open(handle, "rb") as file:
            data = file.read(MAX_READ_BYTES + 1)
        if len(data) > MAX_READ_BYTES:
            raise Refused(f"{path}: larger than {MAX_READ_BYTES} bytes")
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise Refused(f"{path}: not a text file") from None


def _replace(file: RawIOBase, data: bytes) -> None:
    file.seek(0)
    file.truncate()
    left = memoryview(data)
    while left:
        left = left[file.write(left) or 0 :]


def _state(name: str, handle: int) -> bytes:
    """What tells without reading whether a content may have changed."""
    try:
        status = os.stat(name, dir_fd=handle, follow_symlinks=False)
        target = os.readlink(name, dir_fd=handle) if stat.S_ISLNK(status.st_mode) else ""
    except OSError:
        return b""  # gone meanwhile
    # A folder's size and time change with what comes and goes in it, which is told by the names.
    seen = "" if stat.S_ISDIR(status.st_mode) else f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"
    return f"{status.st_mode:o}\0{seen}\0{target}".encode("utf-8", "surrogateescape")


def _content(name: str, handle: int, state: bytes, new_hash: Callable[[bytes], Any]) -> bytes:
    """The kind of a thing and its content; where that is not to be read, its state."""
    kind, _unused, target = state.split(b"\0") if state else (b"", b"", b"")
    if stat.S_ISREG(int(kind or b"0", 8)):
        try:
            with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=handle), "rb") as file:
                data = file.read(MAX_READ_BYTES + 1)
        except OSError:
            return state
        return kind + new_hash(data).digest() if len(data) <= MAX_READ_BYTES else state
    return kind + target
