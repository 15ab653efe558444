# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four that are measured, each at the same work: read about 500 bytes of a file, again and again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.local_llm.lab.plugins.module_utils.processes import started

from .course import Contestant

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).parent
PEERS = ROOT / "build" / "bench-peers"
LINES = "".join(f"{number:02} {'0123456789' * 4} end\n" for number in range(40))
LINES_READ = 10  # at least
OUTPUT_BYTES = LINES_READ * (len(LINES) // 40)
FILE = "notes.txt"
# No HOME of the caller's, nothing fetched: the loopback is all the network that is meant.
PEER_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "MSWEA_SILENT_STARTUP": "1",
    "SCRIPTED_API_KEY": "none",
    "NO_PROXY": "127.0.0.1",
}

Call = tuple[str, dict[str, Any]]


def ours(url: str, folder: Path, turns: int) -> Contestant:
    """The trial as a worker starts it: own process, spec on standard input, sandbox, push, grading."""
    artifacts, scratch = folder / "artifacts", folder / "scratch"
    artifacts.mkdir()
    scratch.mkdir()
    budgets = {
        "turns": 10 * turns,
        "generated_tokens": 10**7,
        "completion_tokens": 1000,
        "wall_clock_seconds": 600,
        "command_seconds": 20,
    }
    spec = {
        "trial": "turn-overhead",
        "attempt": 1,
        "folder": str(artifacts),
        "scratch": str(scratch),
        "engine": "llama_cpp",
        "base_url": url,
        "model": "scripted",
        "window_tokens": 10**7,
        "canary": str(ROOT / "canaries" / "fix_sum"),
        "budgets": budgets,
        "chat": {},
        "seed": 0,
        "guardians": [{"pid": os.getpid(), "started": started(os.getpid())}],
    }
    ending: list[Call] = [("push", {"message": "Add notes"}), ("submit", {})]
    plan = _plan(("write_file", {"path": FILE, "content": LINES}), turns, _read, ending)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "plugins.plugin_utils.trial"]
    return Contestant(command, plan, environment, folder, OUTPUT_BYTES, spec)


def floor(url: str, folder: Path, turns: int) -> Contestant:
    (folder / FILE).write_text(LINES)

    def read(number: int, name: str = "read") -> Call:
        return name, _window(number)

    plan = _plan(read(0), turns, read, [read(0, "stop")])
    command = [sys.executable, "-P", str(HERE / "floor.py"), f"{url}/v1", FILE, "transcript.jsonl"]
    return Contestant(command, plan, {"PATH": os.environ["PATH"]}, folder, OUTPUT_BYTES)


def inspect(url: str, folder: Path, turns: int) -> Contestant:
    return _peer("peer_inspect", url, folder, "logs", turns, ("submit", {"answer": "done"}))


def mini(url: str, folder: Path, turns: int) -> Contestant:
    ending = ("bash", {"command": "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"})
    return _peer("peer_mini", url, folder, "trajectory.json", turns, ending)


def _peer(name: str, url: str, folder: Path, log: str, turns: int, ending: Call) -> Contestant:
    # inspect's sandbox works in a folder of its own: the file is named by its whole path.
    (folder / FILE).write_text(LINES)

    def read(number: int) -> Call:
        window = _window(number)
        return "bash", {"command": f"sed -n {window['start_line']},{window['end_line']}p {folder / FILE}"}

    plan = _plan(read(0), turns, read, [ending])
    command = [str(PEERS / name / "bin" / "python"), "-P", str(HERE / f"{name}.py"), f"{url}/v1", log]
    return Contestant(
        command, plan, {"PATH": os.environ["PATH"], "HOME": str(folder)} | PEER_ENVIRONMENT, folder, OUTPUT_BYTES
    )


def _read(number: int) -> Call:
    return "read_file", {"path": FILE, **_window(number)}


def _window(number: int) -> dict[str, int]:
    """Which lines to read. 90 different ones: who reads the same again and again is taken for going in circles."""
    more, start = divmod(number, 30)
    return {"start_line": start + 1, "end_line": start + LINES_READ + more % 3}


def _plan(first: Call, turns: int, read: Callable[[int], Call], ending: Sequence[Call]) -> list[Call]:
    return [first, *map(read, range(turns)), *ending]


def install_peers() -> None:
    """A venv for each peer, made again when its pins change."""
    for name in ("peer_inspect", "peer_mini"):
        pins = (HERE / f"{name}.txt").read_text()
        made = PEERS / name / "made-from.txt"
        if not made.exists() or made.read_text() != pins:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(PEERS / name)], check=True)
            pip = [str(PEERS / name / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-qq"]
            subprocess.run([*pip, "install", "-r", str(HERE / f"{name}.txt")], check=True)
            made.write_text(pins)
