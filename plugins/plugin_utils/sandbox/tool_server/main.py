# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Process 1 of a sandbox: carries out the agent's tools, one JSON line in, one JSON line out.

It ends when its standard input does, and with it everything else in the sandbox: nobody has to be alive to clean up.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from functools import partial

from .commands import Commands
from .control import Control
from .files import Tree
from .filling import fill
from .oom import Priority
from .pushing import Pushing
from .searching import search
from .watching import is_full, places
from .words import Refused

Ops = dict[str, Callable[..., dict[str, object]]]


def main() -> None:
    if os.getpid() != 1:
        sys.exit("tool_server is the first process of a sandbox, and kills all others: never run it elsewhere")
    limits = json.loads(sys.argv[1])
    os.umask(0o022)
    priority = Priority()
    _harden(limits)
    fill()
    control, tree = Control(), Tree()
    commands = Commands(control, limits, priority)
    pushing = Pushing(commands)
    ops: Ops = {
        "list": tree.list,
        "read": tree.read,
        "write": tree.write,
        "edit": tree.edit,
        "search": partial(search, tree),
        "digest": tree.digest,
        "run": commands.run,
        "push": pushing.push,
        "export": pushing.export,
    }
    control.send({"ok": True})
    for line in control.lines():
        control.send(_answer(ops, line))


def _answer(ops: Ops, line: bytes) -> dict[str, object]:
    try:
        request = json.loads(line)
        return {"ok": True, **ops[request["op"]](**request["arguments"])}
    except Refused as error:
        return {"ok": False, "error": str(error)}
    except OSError as error:
        if error.errno == errno.ENOSPC:
            full = [f"{name} full" for path, name in places().items() if is_full(path)]
            return {"ok": False, "error": f"no space left: {', '.join(full)}; nothing was changed", "limits": full}
        limits = ["file size"] if error.errno == errno.EFBIG else []
        return {"ok": False, "error": f"{type(error).__name__}: {error}", "limits": limits}
    except (TypeError, ValueError, KeyError, MemoryError, RecursionError) as error:
        return {"ok": False, "error": f"{type(error).__name__}: {error}"}


def _harden(limits: dict[str, int]) -> None:
    """Bind the limits for good, die with the launcher, and close this process to the code it will run."""
    libc = ctypes.CDLL(None, use_errno=True)
    die_with_parent, dumpable, no_new_privileges = 1, 4, 38
    for option, value in ((die_with_parent, signal.SIGKILL), (no_new_privileges, 1), (dumpable, 0)):
        if libc.prctl(option, int(value), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl {option}")
    wanted = {
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_AS: limits["memory_bytes"],
        resource.RLIMIT_CPU: limits["cpu_seconds"],
        resource.RLIMIT_NOFILE: limits["open_files"],
        resource.RLIMIT_CORE: 0,
    }
    if limits["count_processes_by_user"]:
        wanted[resource.RLIMIT_NPROC] = limits["processes"]
    for kind, most in wanted.items():
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # One second more for the processor: at the hard limit it is a kill that does not say why.
        last = most + 1 if kind == resource.RLIMIT_CPU and (hard == resource.RLIM_INFINITY or most < hard) else most
        resource.setrlimit(kind, (most, last))
