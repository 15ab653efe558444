# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting a program of this package in a process that needs no file of it.

A module runs from a temporary folder that is gone a moment later, and a shared folder is no place for code that root
may run. So the sources go to the new process over its standard input and live in its memory.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import subprocess
import sys
from typing import Any, BinaryIO, cast

from .. import processes
from . import memory_import

ROOT = __name__.rsplit(".", 2)[0]
BOOTSTRAP = "import json,sys;b=json.loads(sys.stdin.buffer.readline());n={};exec(b['importer'],n);n['run'](b)"


def start(
    entry: str, arguments: dict[str, Any], label: list[str], pass_fds: tuple[int, ...] = ()
) -> subprocess.Popen[bytes]:
    """Run `main(arguments)` of a module of this package, detached; `label` is for who reads the process list."""
    sources = {
        name: inspect.getsource(module)
        for name, module in list(sys.modules.items())
        if name.startswith(f"{ROOT}.") and module.__spec__ and not _is_empty(module)
    }
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", BOOTSTRAP, *label],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=processes.minimal_environment(),
        start_new_session=True,
        pass_fds=pass_fds,
    )
    packages = [name for name in sources if hasattr(sys.modules[name], "__path__")]
    bundle = {
        "importer": inspect.getsource(memory_import),
        "sources": sources,
        "packages": packages,
        "entry": entry,
        "arguments": arguments,
    }
    told = cast(BinaryIO, process.stdin)
    with contextlib.suppress(BrokenPipeError):  # it ended at once; that it says nothing tells so
        told.write(json.dumps(bundle).encode() + b"\n")
        told.close()
    return process


def _is_empty(module: Any) -> bool:
    loader = module.__spec__.loader
    return loader is None or not loader.get_source(module.__name__)
