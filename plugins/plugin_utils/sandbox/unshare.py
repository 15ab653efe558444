# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sandboxes made by util-linux alone: unshare, mount, pivot_root, setpriv."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote

from . import inside
from .owner import sandbox_ids
from .programs import HOST_ENVIRONMENT, program
from .session import Sandbox
from .spec import SandboxSpec

# Under which the new root is put together. Always there, and nothing we mount lies below it.
_STAGE = "/sys"
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
# A mount's flags that a user namespace may not clear: a remount has to repeat them.
_KEPT_FLAGS = {
    os.ST_NOSUID: "nosuid",
    os.ST_NODEV: "nodev",
    os.ST_NOEXEC: "noexec",
    os.ST_NOATIME: "noatime",
    os.ST_NODIRATIME: "nodiratime",
    os.ST_RELATIME: "relatime",
}


class Unshare:
    name = "unshare"

    def __init__(self, interpreter: inside.Interpreter) -> None:
        self._interpreter = interpreter
        self._unshare = program("unshare")
        for name in ("mount", "pivot_root", "setpriv"):
            program(name)

    def open(self, spec: SandboxSpec) -> Sandbox:
        namespaces = ["--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup", "--fork", "--kill-child=KILL"]
        if os.geteuid() != 0:
            namespaces += ["--user", "--map-root-user"]
        command = [self._unshare, *namespaces, "--", "/bin/sh", "-euc", self._script(spec), "sh"]
        return Sandbox(self.name, command, HOST_ENVIRONMENT)

    def _script(self, spec: SandboxSpec) -> str:
        readonly, links = inside.system_mounts(self._interpreter)
        uid, gid = sandbox_ids()
        # An ordinary caller is root in the namespace it mounts in.
        owner = f"mode=0755,uid={uid},gid={gid}" if os.geteuid() == 0 else "mode=0755"
        lines = [
            "umask 022",
            "ip link set lo up 2>/dev/null || :",
            f"mount -t tmpfs -o size=1m,mode=0755,nosuid,nodev lab {_STAGE}",
            f"cd {_STAGE}",
            "mkdir -p proc dev etc tmp old",
            "mount -t proc -o nosuid,nodev,noexec proc proc",
            *_devices(),
            *(line for where, size_bytes in inside.tmpfs(spec).items() for line in _tmpfs(where, size_bytes, owner)),
            *(f"ln -s {quote(target)} .{quote(where)}" for target, where in links),
            *(f"printf %s {quote(text)} > .{path}" for path, text in inside.accounts(uid, gid).items()),
        ]
        for path, where in readonly:
            lines += _bind_readonly(path, where)
        for where in inside.masks(self._interpreter, spec.masked):
            lines.append(f"mount -t tmpfs -o ro,size=4k,mode=0555,nosuid,nodev lab {quote('.' + where)}")
        for path, where in [*spec.readonly, *inside.filled(spec)]:
            lines += _bind_readonly(path, where)
        environment = [f"{name}={value}" for name, value in inside.environment(self._interpreter).items()]
        if os.geteuid() == 0:
            ids = [f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
            drop = ["setpriv", *ids, "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--"]
        else:
            # One more namespace makes it itself again: not being root there, it loses all capabilities with the next
            # exec, and the mounts are out of its reach.
            drop = ["unshare", "--user", f"--map-user={uid}", f"--map-group={gid}", "--"]
            drop += ["setpriv", "--no-new-privs", "--inh-caps=-all", "--"]
        server = inside.server(self._interpreter.path, spec.limits, count_processes_by_user=True)
        last = ["env", "-i", *environment, *drop, *server]
        lines += [
            "pivot_root . old",
            "cd /",
            "umount -l /old",
            "rmdir /old",
            "mount -o remount,bind,ro,nosuid,nodev /",
            "exec " + " ".join(map(quote, last)),
        ]
        return "\n".join(lines)


def _devices() -> list[str]:
    lines = [f"mount -t tmpfs -o size=64k,mode=0755,nosuid {quote('lab')} dev"]
    for name in _DEVICES:
        lines += [f": > dev/{name}", f"mount --bind /dev/{name} dev/{name}"]
    lines += ["ln -s /proc/self/fd dev/fd"]
    lines += [f"ln -s /proc/self/fd/{number} dev/{name}" for number, name in enumerate(("stdin", "stdout", "stderr"))]
    return [*lines, *_tmpfs("/dev/shm", inside.SHM_BYTES, "mode=1777"), "mount -o remount,bind,ro,nosuid dev"]


def _tmpfs(where: str, size_bytes: int, owner: str) -> list[str]:
    return [f"mkdir -p .{where}", f"mount -t tmpfs -o size={size_bytes},{owner},nosuid,nodev lab .{where}"]


def _bind_readonly(path: Path, where: str) -> list[str]:
    source, target = quote(str(path.resolve())), quote(f".{where}")
    make = f"mkdir -p {target}" if path.is_dir() else f"mkdir -p {quote('.' + os.path.dirname(where))}; : > {target}"
    lines = [make, f"mount --rbind {source} {target}"]
    # A remount reaches one mount, not those below it.
    for point in [path.resolve(), *_mounts_below(path.resolve())]:
        flags = os.statvfs(point).f_flag
        kept = [name for flag, name in _KEPT_FLAGS.items() if flags & flag]
        below = quote(os.path.normpath(f".{where}/{point.relative_to(path.resolve())}"))
        lines.append(f"mount -o {','.join(['remount', 'bind', 'ro', *kept])} {below}")
    return lines


def _mounts_below(path: Path) -> list[Path]:
    """Mount points under a folder; octal escapes are the kernel's way with spaces."""
    found = set()
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        point = Path(line.split()[4].encode().decode("unicode_escape"))
        if path in point.parents:
            found.add(point)
    return sorted(found)
