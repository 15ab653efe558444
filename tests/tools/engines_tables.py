# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the tables of docs/engines.md (python -m tests.tools.engines_tables); a test compares.

What can be asked of each engine is what the engine says of itself. What a user sees of each fault is written here, and
tested in tests/integration_py/engines/test_matrix.py.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from plugins.module_utils.engines import Capabilities, connect

PAGE = Path(__file__).resolve().parents[2] / "docs" / "engines.md"
BEGIN, END = "<!-- {}: made by tests/tools/engines_tables.py -->", "<!-- {} end -->"
HERE = "http://127.0.0.1:1"
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama_cpp `python`": ("llama_cpp", {"python": "python", "state_dir": "/"}),
    "llama_cpp `server`": ("llama_cpp", {"server": "llama-server", "state_dir": "/"}),
    "llama_cpp `router`": ("llama_cpp", {"router": True}),
    "… with `presets_file`": ("llama_cpp", {"router": True, "presets_file": "/presets.ini"}),
    "lm_studio": ("lm_studio", {}),
    "… with `lms`": ("lm_studio", {"lms": "lms"}),
    "ollama": ("ollama", {}),
    "openai_compatible": ("openai_compatible", {}),
}
ENGINES = ("llama_cpp", "lm_studio", "ollama", "openai_compatible")
NOTHING = "nothing is loaded here"


@dataclass(frozen=True)
class Seen:
    """An error whose text holds `said`; without an `error`, `said` is what comes of it instead."""

    said: str
    error: str = ""

    def __str__(self) -> str:
        return f"`{self.error}`: {self.said}" if self.error else self.said


LOADED = Seen("it is unloaded and loaded as asked")
WAITED = Seen("waits until the memory is back, then loads")
CANNOT = Seen("cannot be: the memory goes with the process")
KEPT = Seen("did not come back", "MemoryKept")
FAULTS = {
    "second_instance": (
        "a load makes a second instance beside the first",
        Seen("cannot be: one process, one port, one model"),
        Seen("More than one instance came for", "LoadFailed"),
        Seen("Ollama has loaded", "LoadFailed"),
    ),
    "memory_kept": ("unloaded, says the engine, and the memory stays", CANNOT, KEPT, KEPT),
    "slow_unload": (
        "unloaded, says the engine, and the memory goes later",
        Seen("waits for the process, and kills it after 5 s"),
        WAITED,
        WAITED,
    ),
    "jit_default_context": (
        "a chat loaded it before us, with the default context",
        Seen("cannot be: a chat loads nothing"),
        LOADED,
        LOADED,
    ),
    "oom_kill": (
        "the kernel kills it while it loads",
        Seen("ended with code -9 while loading", "LoadFailed"),
        Seen("is gone again", "LoadFailed"),
        Seen("signal: killed", "LoadFailed"),
    ),
    "hang_in_load": (
        "the load never ends",
        Seen("was not ready after", "LoadFailed"),
        Seen("had not loaded", "LoadFailed"),
        Seen("had not loaded", "LoadFailed"),
    ),
    "wrong_context": (
        "another context than asked is loaded",
        Seen("context of 4096 tokens instead of", "LoadFailed"),
        Seen("context_length 1024 instead of 2048", "LoadFailed"),
        Seen("context of 1024 tokens instead of 2048", "LoadFailed"),
    ),
    "unknown_paths_answer_200": (
        "something else listens there and answers 200 to everything",
        Seen("is in use by a program the lab did not start", "PortInUse"),
        Seen("is not LM Studio", "EngineUnreachable"),
        Seen("is not Ollama", "EngineError"),
        Seen("is not a list of models", "EngineUnreachable"),
    ),
    "not_offered": (
        "the engine does not have the model",
        Seen("There is no GGUF file", "GgufError"),
        Seen("imports no file", "OptionUnsupported"),
        Seen("it is imported, then loaded"),
        Seen("does not offer the model", "LoadFailed"),
    ),
}


def seen(fault: str, engine: str) -> Seen:
    cells = FAULTS[fault][1:]
    column = ENGINES.index(engine)
    return cells[column] if column < len(cells) else Seen(NOTHING)


def faults() -> str:
    rows = [f"| fault | {' | '.join(ENGINES)} |", "|---" * (len(ENGINES) + 1) + "|"]
    rows += [f"| {FAULTS[name][0]} | {' | '.join(str(seen(name, engine)) for engine in ENGINES)} |" for name in FAULTS]
    return "\n".join(rows)


def capabilities() -> str:
    names = [one.name for one in fields(Capabilities)]
    rows = [f"| | {' | '.join(f'`{name}`' for name in names)} |", "|---" * (len(names) + 1) + "|"]
    for way, (engine, options) in WAYS.items():
        has = connect(engine, HERE, options).capabilities
        rows.append(f"| {way} | {' | '.join('yes' if getattr(has, name) else '–' for name in names)} |")
    return "\n".join(rows)


TABLES = {"capabilities": capabilities, "faults": faults}


def written(page: str) -> str:
    """The page with the tables as they are now."""
    for name, table in TABLES.items():
        begin, end = BEGIN.format(name), END.format(name)
        page = f"{page.partition(begin)[0]}{begin}\n\n{table()}\n\n{end}{page.partition(end)[2]}"
    return page


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
