# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a turn costs that is not the model's: ours beside a plain loop and two public agents, against one server."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path

from .contestants import floor, inspect, install_peers, mini, ours
from .course import Contestant, Ruler, Run, ruler

Agent = Callable[[str, Path, int], Contestant]
REPEATS = 3


def measure(scratch: Path) -> dict[str, float]:
    """Per turn of a trial of 20 turns; `_200` of one of 200 turns. A turn reads about 500 bytes of a file with a tool.

    CPU is the agent process's own, all threads, user and system, read from its clock by the server between the second
    request and the one 20 (200) turns later. The sandbox, and the commands that an agent starts, are other processes
    and not in it. It is the median of the repeats. Other work on the machine disturbs wall time most: that is the least
    of the repeats, which take turns, and so is start-up (process start to first request).

    The trial is the product's own process, from spec to record. The floor is http.client and json, a file read in the
    process, and one durable append. inspect-ai runs its react agent with bash in its local sandbox, mini-swe-agent its
    local environment, each with its log. The server streams to ours, an event for four characters, as engines do; the
    others take each answer in one piece, which favours them. `scaling_200_over_20` is of CPU; the memory is the peak of
    the process alone.
    """
    install_peers()
    short: dict[Agent, list[Run]] = {agent: [] for agent in (floor, ours, inspect, mini)}
    long: dict[Agent, list[Run]] = {agent: [] for agent in (ours, inspect, mini)}
    with ruler() as server:
        for repeat in range(REPEATS):
            for agent, runs in short.items():
                runs.append(_run(server, agent, 20, scratch / f"{agent.__name__}-20-{repeat}"))
            # The peers grow so much that one long run of each says it.
            for agent in long if repeat == 0 else [ours]:
                long[agent].append(_run(server, agent, 200, scratch / f"{agent.__name__}-200-{repeat}"))
    every = short[ours] + long[ours]
    return {
        "ours_cpu_ms": _cpu_ms(short[ours]),
        "ours_wall_ms": _wall_ms(short[ours]),
        "floor_cpu_ms": _cpu_ms(short[floor]),
        "floor_wall_ms": _wall_ms(short[floor]),
        "inspect_cpu_ms": _cpu_ms(short[inspect]),
        "mini_cpu_ms": _cpu_ms(short[mini]),
        "ours_cpu_200_ms": _cpu_ms(long[ours]),
        "inspect_cpu_200_ms": _cpu_ms(long[inspect]),
        "mini_cpu_200_ms": _cpu_ms(long[mini]),
        "ours_rss_mb": max(run.peak_rss_bytes for run in every) / 1e6,
        "startup_s": min(run.startup_seconds for run in every),
        "scaling_200_over_20": _cpu_ms(long[ours]) / _cpu_ms(short[ours]),
    }


def _cpu_ms(runs: list[Run]) -> float:
    return statistics.median(run.cpu_ms_per_turn for run in runs)


def _wall_ms(runs: list[Run]) -> float:
    return min(run.wall_ms_per_turn for run in runs)


def _run(server: Ruler, agent: Agent, turns: int, folder: Path) -> Run:
    folder.mkdir()
    url = server.next_run()
    return server.measure(url, agent(url, folder, turns), turns)
