# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emptying the host when nobody else will: unload everything, and where that fails kill the engine by name."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from .. import processes
from ..engines import connect
from ..engines.options import programs
from ..errors import LabError

UNLOAD_TRIES = 5
PAUSE_SECONDS = 1.0
UNLOAD_SECONDS = 30.0  # for all tries together: an engine that hangs must not hold up what keeps the host alive
LATE_LOAD_SECONDS = 5.0
STOP_GRACE_SECONDS = 2.0


def empty(
    engine: str,
    base_url: str,
    options: dict[str, Any],
    is_short: Callable[[], bool] | None = None,
    loading: bool = False,
) -> dict[str, Any]:
    """What was `unloaded`, whom it had to be `killed` for, and the `error` that made it so.

    An engine may keep the memory of what it says is unloaded. And while `loading` it may take memory for what it does
    not list: most list a model only once it is loaded. So where `is_short` stays true, the engine is killed. One that
    had nothing to unload and loads nothing is not, nor one whose processes are gone by their ids: then somebody else
    has the memory.
    """
    outcome = _unload_in_time(engine, base_url, options)
    if outcome["error"] is None and connect(engine, base_url, options).owns_processes:
        return outcome
    said = "that it is unloaded" if outcome["unloaded"] else "nothing"
    end = time.monotonic() + LATE_LOAD_SECONDS
    while is_short and outcome["error"] is None and (outcome["unloaded"] or loading) and is_short():
        if time.monotonic() > end:
            outcome["error"] = f"it says {said}, and after {LATE_LOAD_SECONDS:g} s the memory was not back"
            break
        time.sleep(PAUSE_SECONDS)
        if not outcome["unloaded"]:
            outcome = _unload_in_time(engine, base_url, options)
    return outcome if outcome["error"] is None else _kill(outcome, _names(engine, base_url, options))


def _unload_in_time(engine: str, base_url: str, options: dict[str, Any]) -> dict[str, Any]:
    done: dict[str, Any] = {"unloaded": [], "error": f"it had not unloaded after {UNLOAD_SECONDS:g} s"}
    attempt = threading.Thread(target=_unload, args=(engine, base_url, options, done), daemon=True)
    attempt.start()
    attempt.join(UNLOAD_SECONDS)
    return {"unloaded": done["unloaded"], "killed": [], "error": done["error"]}


def _unload(engine: str, base_url: str, options: dict[str, Any], done: dict[str, Any]) -> None:
    for _unused in range(UNLOAD_TRIES):
        try:
            done.update(unloaded=[one.id for one in connect(engine, base_url, options).unload_all()], error=None)
            return
        except Exception as failure:
            # Whatever goes wrong here, trying again is all that keeps the host alive.
            done["error"] = str(failure) if isinstance(failure, LabError) else repr(failure)
            time.sleep(PAUSE_SECONDS)


def _names(engine: str, base_url: str, options: dict[str, Any]) -> tuple[str, ...]:
    """The programs that hold the engine's models; the host's own word for them comes first."""
    try:
        return programs(options.get("processes"), ()) or connect(engine, base_url, options).processes
    except LabError:
        return ()


def _kill(outcome: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    try:
        found = list(processes.named(names))
    except OSError as error:  # in a full memory not even ps may start
        outcome["error"] += f"; its processes cannot be listed: {error.strerror}"
        return outcome
    for pid, since, name in found:
        try:
            if processes.stop(pid, since, STOP_GRACE_SECONDS):
                outcome["killed"].append(f"{name} (process {pid})")
            else:
                outcome["error"] += f"; {name} (process {pid}) survives SIGKILL"
        except OSError as error:
            outcome["error"] += f"; {name} (process {pid}) cannot be killed: {error.strerror}"
    return outcome
