# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool that searches files, in a process of its own: some patterns would hold this one for ever."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
from collections.abc import Iterator

from .files import MAX_READ_BYTES, Tree
from .words import Refused, shown

SEARCH_SECONDS = 10.0
MAX_MATCHES = 200
MAX_LINE_CHARS = 240


def search(tree: Tree, pattern: object, path: object = ".", seconds: float = SEARCH_SECONDS) -> dict[str, object]:
    if not isinstance(pattern, str) or not pattern:
        raise Refused("pattern must be a regular expression or plain text, and not be empty")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            # The alarm's default is to kill, which a pattern being matched cannot put off.
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            with open(writing, "wb") as answer:
                answer.write(json.dumps(_answer(tree, pattern, path)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as answer:
        data = answer.read()
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        raise Refused(f"the search took longer than {seconds:g} s and was ended; use a simpler pattern or a path")
    if not data:
        raise Refused("the search ended without an answer; use a simpler pattern or a path")
    reply: dict[str, object] = json.loads(data)
    if "error" in reply:
        raise Refused(str(reply["error"]))
    return reply


def _answer(tree: Tree, pattern: str, path: object) -> dict[str, object]:
    plain = False
    try:
        expression = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        expression, plain = re.compile(re.escape(pattern)), True
    matches: list[str] = []
    try:
        for match in _matches(tree, expression, path):
            if len(matches) == MAX_MATCHES:
                matches.append(f"[... more than {MAX_MATCHES} matches, search a folder or a file ...]")
                break
            matches.append(match)
    except (Refused, OSError) as error:
        return {"error": str(error)}
    return {"matches": matches, "plain": plain}


def _matches(tree: Tree, expression: re.Pattern[str], path: object) -> Iterator[str]:
    for name, handle in _files(tree, path):
        with open(handle, "rb") as file:
            data = file.read(MAX_READ_BYTES) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
        if b"\0" in data:
            continue
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            if expression.search(line):
                text = line if len(line) <= MAX_LINE_CHARS else f"{line[:MAX_LINE_CHARS]} [... cut ...]"
                yield f"{shown(name)}:{number}: {text}"


def _files(tree: Tree, path: object) -> Iterator[tuple[str, int]]:
    """Names and handles. What cannot be opened is passed over; only the path itself must be there."""
    try:
        handle = tree.open(path)
    except (FileNotFoundError, NotADirectoryError):
        raise Refused(f"{path}: no such file or folder") from None
    if not stat.S_ISDIR(os.fstat(handle).st_mode):
        yield os.path.normpath(str(path)), handle
        return
    os.close(handle)
    for folder, _folders, files, here in tree.walk(path):
        for name in files:
            try:
                found = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW, dir_fd=here)
            except OSError:
                continue
            yield os.path.normpath(os.path.join(folder, name)), found
