# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every sandbox looks like from inside, whichever backend makes it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .owner import hand_over
from .spec import Limits, SandboxSpec
from .tool_server.words import ORIGIN, START, WORKSPACE

HOME = "/home/agent"
PYTHON_PREFIX = "/opt/lab/python"
TOOL_SERVER = "/opt/lab/tool_server"
TOOL_SERVER_SOURCE = Path(__file__).with_name("tool_server")
TOOLCHAIN = "/opt/lab/toolchain"
# The host's /etc stays out, but for what programs of /usr cannot do without.
ETC = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")
TOP_LEVEL = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
# Installed in /usr or beside the interpreter, the collection would show its canaries, answers included.
COLLECTION = Path(__file__).resolve().parents[3]
_INSTALLED = (Path("/usr/share/ansible"), Path("/usr/local/share/ansible"))
_GIT_SETTINGS = (("safe.directory", "*"), ("gc.auto", "0"), ("maintenance.auto", "false"))
SHM_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Interpreter:
    """A Python: where it is inside, and the folder to mount at PYTHON_PREFIX when it is not of /usr."""

    path: str
    prefix: Path | None


def interpreters() -> list[Interpreter]:
    """The Python this runs on, wherever it is installed, then the system's own."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    prefix = Path(sys.base_prefix).resolve()
    own = prefix / "bin" / name
    found: list[Interpreter] = []
    if own.is_file():
        of_system = prefix.is_relative_to("/usr")
        found.append(Interpreter(str(own), None) if of_system else Interpreter(f"{PYTHON_PREFIX}/bin/{name}", prefix))
    if Path("/usr/bin/python3").is_file():
        found.append(Interpreter("/usr/bin/python3", None))
    return found


def environment(interpreter: Interpreter | None) -> dict[str, str]:
    """All there is in the environment inside; nothing is taken from the caller's."""
    variables = {
        "PATH": f"{PYTHON_PREFIX}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": f"{TOOLCHAIN}/site",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GIT_AUTHOR_NAME": "agent",
        "GIT_AUTHOR_EMAIL": "agent@lab.invalid",
        "GIT_COMMITTER_NAME": "agent",
        "GIT_COMMITTER_EMAIL": "agent@lab.invalid",
        "GIT_TERMINAL_PROMPT": "0",
    }
    for number, (key, value) in enumerate(_GIT_SETTINGS):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    variables["GIT_CONFIG_COUNT"] = str(len(_GIT_SETTINGS))
    prefix = None if interpreter is None else interpreter.prefix
    if prefix is not None and any(prefix.glob("lib/libpython*.so*")):
        # A shared libpython is looked for where it was installed, which is not where it is inside.
        variables["LD_LIBRARY_PATH"] = f"{PYTHON_PREFIX}/lib"
    return variables


def server(python: str, limits: Limits, *, count_processes_by_user: bool) -> list[str]:
    """The command line of a sandbox's first process."""
    launch = f"import sys; sys.path.append({os.path.dirname(TOOL_SERVER)!r}); from tool_server.main import main; main()"
    told = {**limits.as_dict(), "count_processes_by_user": count_processes_by_user}
    return [python, "-I", "-S", "-B", "-c", launch, json.dumps(told)]


def filled(spec: SandboxSpec) -> list[tuple[Path, str]]:
    """What the folders that can be written to begin as, mounted read-only for the tool server to copy."""
    hand_over([path for path in (spec.workspace, spec.origin) if path is not None])
    both = ((spec.workspace, WORKSPACE), (spec.origin, ORIGIN))
    return [(path, START + where) for path, where in both if path is not None]


def tmpfs(spec: SandboxSpec) -> dict[str, int]:
    """The folders that can be written to, by path inside, and the bytes that go into each."""
    limits = spec.limits
    sizes = {"/tmp": limits.tmp_bytes, HOME: limits.tmp_bytes, WORKSPACE: limits.workspace_bytes}
    return sizes if spec.origin is None else {**sizes, ORIGIN: limits.origin_bytes}


def accounts(uid: int, gid: int) -> dict[str, str]:
    """The few files of /etc that are made up."""
    return {
        "/etc/passwd": f"root:x:0:0::/:/bin/sh\nagent:x:{uid}:{gid}::{HOME}:/bin/sh\n",
        "/etc/group": f"root:x:0:\nagent:x:{gid}:\n",
        "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    }


def system_mounts(interpreter: Interpreter) -> tuple[list[tuple[Path, str]], list[tuple[str, str]]]:
    """What of the host is mounted read-only, as (path, path inside), and the links, as (target, path inside)."""
    mounts = [(Path("/usr"), "/usr")]
    links: list[tuple[str, str]] = []
    for name in TOP_LEVEL:
        path = Path("/") / name
        if path.is_symlink():
            links.append((os.readlink(path), str(path)))
        elif path.is_dir():
            mounts.append((path, str(path)))
    mounts += [(Path(path), path) for path in ETC if Path(path).exists()]
    if interpreter.prefix is not None:
        # Not the prefix itself: that may be somebody's home.
        parts = [name for name in ("bin", "lib", "lib64") if (interpreter.prefix / name).is_dir()]
        mounts += [(interpreter.prefix / name, f"{PYTHON_PREFIX}/{name}") for name in parts]
    return [*mounts, (TOOL_SERVER_SOURCE, TOOL_SERVER)], links


def masks(interpreter: Interpreter, masked: Iterable[Path]) -> list[str]:
    """Where, inside, an empty folder has to hide what the system's mounts would show."""
    hidden = {path.resolve() for path in (COLLECTION, *_INSTALLED, *masked) if path.is_dir()}
    found: set[Path] = set()
    for path, where in system_mounts(interpreter)[0]:
        top = path.resolve()
        found |= {Path(where) / folder.relative_to(top) for folder in hidden if top in folder.parents}
    return sorted(str(place) for place in found if found.isdisjoint(place.parents))
