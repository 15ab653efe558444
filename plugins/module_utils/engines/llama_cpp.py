# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""llama.cpp, in one of three ways: which one, the engine's options say."""

from __future__ import annotations

from typing import Any

from .base import Engine, EngineError
from .llama_cpp_process import LlamaCppProcess
from .llama_cpp_program import LlamaServer, Xllamacpp
from .llama_cpp_router import LlamaCppRouter

WAYS = ("python", "server", "router")


def llama_cpp(base_url: str, options: dict[str, Any]) -> Engine:
    """`python`: an interpreter with xllamacpp, or `server`: a llama-server program; either one process per model.

    `router`: a llama-server that already runs and starts a process per model itself.
    """
    chosen = [name for name in WAYS if options.get(name)]
    if len(chosen) != 1:
        said = " and ".join(chosen) if chosen else "none of them"
        raise EngineError(
            f"The engine options of llama_cpp lack one of {', '.join(WAYS[:-1])} and {WAYS[-1]} to go by: "
            f"there is {said}.",
            "set lab_engine_options: {python: the interpreter of the llama_cpp role's venv, state_dir: a folder}",
        )
    if chosen == ["router"]:
        return LlamaCppRouter(base_url, options)
    program = Xllamacpp(str(options["python"])) if chosen == ["python"] else LlamaServer(str(options["server"]))
    return LlamaCppProcess(base_url, options, program)
