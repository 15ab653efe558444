# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sandboxes made by bubblewrap."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache

from . import inside
from .owner import sandbox_ids
from .programs import HOST_ENVIRONMENT, program
from .session import Sandbox
from .spec import SandboxSpec
from .tool_server.words import START

# What root needs after the mounts are made, to give the sandbox's user its folders and to stop being root.
_CAPABILITIES = ("CAP_CHOWN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")


class Bubblewrap:
    name = "bubblewrap"

    def __init__(self, interpreter: inside.Interpreter) -> None:
        self._interpreter = interpreter
        self._bwrap = program("bwrap")
        self._as_root = os.geteuid() == 0
        self._setpriv = program("setpriv") if self._as_root else None

    def open(self, spec: SandboxSpec) -> Sandbox:
        uid, gid = sandbox_ids()
        pipes = {path: _pipe(text) for path, text in inside.accounts(uid, gid).items()}
        try:
            files = [("--perms", "0444", "--ro-bind-data", str(end), path) for path, end in pipes.items()]
            command = [
                self._bwrap,
                *self._namespaces(),
                *self._mounts(spec),
                *(word for file in files for word in file),
            ]
            command += [*_SEALED, *self._environment(), "--"]
            command += [*self._drop(uid, gid, inside.tmpfs(spec))]
            command += inside.server(self._interpreter.path, spec.limits, count_processes_by_user=True)
            return Sandbox(self.name, command, HOST_ENVIRONMENT, pass_fds=tuple(pipes.values()))
        finally:
            for end in pipes.values():
                os.close(end)

    def _namespaces(self) -> list[str]:
        words = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        words += ["--as-pid-1", "--die-with-parent", "--clearenv"]
        if self._as_root:
            words += ["--cap-drop", "ALL", *(word for name in _CAPABILITIES for word in ("--cap-add", name))]
        else:
            words += ["--unshare-user", *(["--disable-userns"] if _can(self._bwrap, "--disable-userns") else [])]
        return words

    def _mounts(self, spec: SandboxSpec) -> list[str]:
        readonly, links = inside.system_mounts(self._interpreter)
        # Made as they go, folders on the way to a mount would be for root's eyes only.
        words: list[str] = [word for folder in _FOLDERS for word in ("--perms", "0755", "--dir", folder)]
        for path, where in readonly:
            words += ["--ro-bind", str(path), where]
        for target, where in links:
            words += ["--symlink", target, where]
        for where in inside.masks(self._interpreter, spec.masked):
            words += ["--perms", "0555", "--tmpfs", where, "--remount-ro", where]
        words += ["--proc", "/proc", "--dev", "/dev", *_tmpfs("/dev/shm", inside.SHM_BYTES, "1777")]
        for where, size_bytes in inside.tmpfs(spec).items():
            words += _tmpfs(where, size_bytes)
        for path, where in [*spec.readonly, *inside.filled(spec)]:
            words += ["--ro-bind", str(path), where]
        return words

    def _environment(self) -> list[str]:
        variables = inside.environment(self._interpreter)
        return [word for name, value in variables.items() for word in ("--setenv", name, value)]

    def _drop(self, uid: int, gid: int, places: Iterable[str]) -> list[str]:
        if self._setpriv is None:
            return []
        give = f'chown {uid}:{gid} {" ".join(places)} && exec "$@"'
        ids = [f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
        drop = [self._setpriv, *ids, "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--"]
        return ["/bin/sh", "-c", give, "sh", *drop]


_FOLDERS = ("/etc", "/home", "/opt", "/opt/lab", inside.PYTHON_PREFIX, START)
_SEALED = ("--remount-ro", "/dev", "--remount-ro", "/")


def _tmpfs(where: str, size_bytes: int, mode: str = "0755") -> Sequence[str]:
    return ("--perms", mode, "--size", str(size_bytes), "--tmpfs", where)


def _pipe(text: str) -> int:
    reading, writing = os.pipe()
    with open(writing, "w", encoding="utf-8") as file:
        file.write(text)
    return reading


@cache
def _can(bwrap: str, option: str) -> bool:
    return option in subprocess.run([bwrap, "--help"], capture_output=True, text=True, check=False).stdout
