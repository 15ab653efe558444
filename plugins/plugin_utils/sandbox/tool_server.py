# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Process 1 of a sandbox: carries out the agent's tools, one JSON line in, one JSON line out.

Runs inside, from this one file, on whatever Python (3.9 or newer) the sandbox has. It ends when its standard input
does, and with it everything else in the sandbox: nobody has to be alive to clean up.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

WORKSPACE = "/workspace"
MAX_CHARS = 10_000
MAX_ENTRIES = 500
MAX_READ_BYTES = 4 * 2**20
GIT_SECONDS = 60.0


class Refused(Exception):
    """A tool's own error, worded for the model."""


def cut(text: str, max_chars: int, total_chars: int | None = None) -> str:
    """The text, its middle replaced by a notice when it is longer than allowed."""
    total_chars = len(text) if total_chars is None else total_chars
    if total_chars <= max_chars:
        return text
    half = max_chars // 2
    return f"{text[:half]}\n[... {total_chars - 2 * half} characters cut ...]\n{text[-half:]}"


def confine(path: object, root: str = WORKSPACE) -> str:
    """The absolute path of something in the workspace; anything else is refused."""
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        raise Refused("path must be the name of a file, for example src/main.py")
    if os.path.isabs(path):
        raise Refused(f"{path}: use a path relative to the repository, without a leading slash")
    parts = os.path.normpath(path).split(os.sep)
    if ".." in parts:
        raise Refused(f"{path}: outside the repository; paths must not climb with ..")
    if parts[0] == ".git":
        raise Refused(f"{path}: the repository's own data is not yours to touch; use push to commit")
    full = os.path.join(root, *parts)
    if os.path.commonpath([os.path.realpath(root), os.path.realpath(full)]) != os.path.realpath(root):
        raise Refused(f"{path}: leads outside the repository through a symbolic link")
    return os.path.normpath(full)


def read_text(path: object) -> str:
    # O_NONBLOCK and the check of the type: a FIFO or a device would block or never end.
    try:
        handle = os.open(confine(path), os.O_RDONLY | os.O_NONBLOCK)
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


def write_text(path: object, content: object) -> int:
    if not isinstance(content, str):
        raise Refused("content must be text")
    full = confine(path)
    if os.path.lexists(full) and not os.path.isfile(full):
        raise Refused(f"{path}: not a file")
    os.makedirs(os.path.dirname(full), exist_ok=True)
    data = content.encode("utf-8", "replace")
    with open(full, "wb") as file:
        return file.write(data)


def op_list(path: object = ".") -> dict[str, object]:
    top = confine(path)
    if not os.path.isdir(top):
        raise Refused(f"{path}: no such folder")
    entries: list[str] = []
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(name for name in folders if name != ".git")
        names = sorted([name + "/" for name in folders] + files)
        entries += [os.path.relpath(os.path.join(folder, name), WORKSPACE) + "/" * name.endswith("/") for name in names]
        if len(entries) > MAX_ENTRIES:
            entries[MAX_ENTRIES:] = [f"[... more than {MAX_ENTRIES} entries, list a folder below ...]"]
            break
    return {"entries": entries}


def op_read(path: object, start_line: int = 1, end_line: int | None = None) -> dict[str, object]:
    lines = read_text(path).splitlines(keepends=True)
    whole = "".join(lines[max(int(start_line), 1) - 1 : None if end_line is None else int(end_line)])
    return {"content": cut(whole, MAX_CHARS), "total_lines": len(lines)}


def op_write(path: object, content: object) -> dict[str, object]:
    return {"bytes": write_text(path, content)}


def op_edit(path: object, old: object, new: object) -> dict[str, object]:
    text = read_text(path)
    if not isinstance(old, str) or not isinstance(new, str) or not old:
        raise Refused("old and new must be text, and old must not be empty")
    found = text.count(old)
    if found != 1:
        raise Refused(f"{path}: old occurs {found} times, it must occur exactly once; nothing was changed")
    return {"bytes": write_text(path, text.replace(old, new))}


class Control:
    """The two pipes to the controller, out of reach of whatever is started here."""

    def __init__(self) -> None:
        self.requests, self.replies = os.dup(0), os.dup(1)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        self.woken, wake = os.pipe()
        for end in (self.woken, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_unused: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def send(self, reply: dict[str, object]) -> None:
        data = json.dumps(reply).encode() + b"\n"
        while data:
            data = data[os.write(self.replies, data) :]

    def lines(self) -> Iterator[bytes]:
        buffer = b""
        while True:
            chunk = os.read(self.requests, 1 << 16)
            if not chunk:
                return
            *whole, buffer = (buffer + chunk).split(b"\n")
            yield from whole

    def watch(self, child: subprocess.Popen[bytes], output: Output, deadline: float) -> bool:
        """Collect output until the child ends (True) or its time is up (False); leave if the controller is gone."""
        source = cast(BinaryIO, child.stdout).fileno()
        poller = select.poll()
        poller.register(source, select.POLLIN)
        poller.register(self.woken, select.POLLIN)
        poller.register(self.requests, 0)
        while child.poll() is None:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            for handle, _event in poller.poll(left * 1000):
                if handle == self.requests:
                    os._exit(0)
                data = os.read(handle, 1 << 16)
                if handle == source and data:
                    output.add(data)
                elif handle == source:
                    poller.unregister(source)
        return True


class Output:
    """The beginning and the end of what a command says, whatever its length."""

    def __init__(self, max_chars: int) -> None:
        self.max_chars, self.head, self.tail, self.total = max_chars, bytearray(), bytearray(), 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = self.max_chars - len(self.head)
        self.head += data[: max(room, 0)]
        self.tail += data
        del self.tail[: -self.max_chars]

    def text(self) -> str:
        if self.total <= self.max_chars:
            return self.head.decode(errors="replace")
        both = self.head[: self.max_chars // 2].decode(errors="replace").ljust(self.max_chars // 2)
        return cut(both + self.tail[-(self.max_chars // 2) :].decode(errors="replace"), self.max_chars, self.total)


def op_run(
    command: list[str], timeout_seconds: float, stdin: str = "", max_chars: int = MAX_CHARS
) -> dict[str, object]:
    if not isinstance(command, list) or not command or not all(isinstance(word, str) for word in command):
        raise Refused("command must be a list of words")
    output = Output(max_chars)
    source = os.memfd_create("stdin") if stdin else os.open(os.devnull, os.O_RDONLY)
    with open(source, "r+b" if stdin else "rb", buffering=0) as given:
        if stdin:
            given.write(stdin.encode())
            given.seek(0)
        try:
            child = subprocess.Popen(
                command,
                cwd=WORKSPACE,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise Refused(f"cannot run {command[0]}: {error}") from None
    ended = CONTROL.watch(child, output, time.monotonic() + float(timeout_seconds))
    # Process 1 cannot be in the set -1 names: this ends all else in here, daemons and fork bombs included.
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass
    with cast(BinaryIO, child.stdout) as said:
        for data in iter(lambda: os.read(said.fileno(), 1 << 16), b""):
            output.add(data)
    exit_code = child.wait()
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass
    return {"exit_code": exit_code if ended else None, "output": output.text(), "timed_out": not ended}


def git(*arguments: str) -> str:
    result = op_run(["git", *arguments], GIT_SECONDS)
    if result["exit_code"] != 0:
        raise Refused(f"git {arguments[0]} failed: {str(result['output']).strip()}")
    return str(result["output"]).strip()


def op_push(message: object = "") -> dict[str, object]:
    git("add", "--all")
    if git("status", "--porcelain"):
        git("commit", "--quiet", "--message", str(message).strip() or "Work of the agent")
    before, commit = git("rev-parse", "refs/remotes/origin/main", "HEAD").split()
    if before == commit:
        raise Refused("nothing to push: no file was changed since the last push")
    changed = git("diff", "--name-only", "--no-renames", before, commit).splitlines()
    git("push", "--quiet", "origin", "HEAD:main")
    return {"commit": commit, "changed_files": changed}


OPS: dict[str, Callable[..., dict[str, object]]] = {
    "list": op_list,
    "read": op_read,
    "write": op_write,
    "edit": op_edit,
    "run": op_run,
    "push": op_push,
}


def answer(line: bytes) -> dict[str, object]:
    try:
        request = json.loads(line)
        return {"ok": True, **OPS[request["op"]](**request["arguments"])}
    except Refused as error:
        return {"ok": False, "error": str(error)}
    except (OSError, TypeError, ValueError, KeyError, MemoryError, RecursionError) as error:
        return {"ok": False, "error": f"{type(error).__name__}: {error}"}


def harden(limits: dict[str, int]) -> None:
    """Bind the limits for good, die with the launcher, and close this process to the code it will run."""
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")
    libc = ctypes.CDLL(None, use_errno=True)
    die_with_parent, dumpable, no_new_privileges = 1, 4, 38
    for option, value in ((die_with_parent, signal.SIGKILL), (no_new_privileges, 1), (dumpable, 0)):
        if libc.prctl(option, int(value), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl {option}")
    wanted = {
        resource.RLIMIT_NPROC: limits.get("processes"),
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_AS: limits["memory_bytes"],
        resource.RLIMIT_CPU: limits["cpu_seconds"],
        resource.RLIMIT_NOFILE: limits["open_files"],
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in wanted.items():
        hard = resource.getrlimit(kind)[1]
        if most is not None:
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    if os.getpid() != 1:
        sys.exit("tool_server is the first process of a sandbox, and kills all others: never run it elsewhere")
    harden(json.loads(sys.argv[1]))
    CONTROL = Control()
    CONTROL.send({"ok": True})
    for request_line in CONTROL.lines():
        CONTROL.send(answer(request_line))
