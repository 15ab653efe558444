# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast this host's processors move memory, measured by copying as they would run: all at once.

Generating a token reads every active weight, so this is what tokens per second are predicted from. It is what the CPU
reaches: where a GPU generates it is a lower bound.
"""

from __future__ import annotations

import os
import struct
import time
from contextlib import ExitStack
from dataclasses import dataclass

from .errors import LabError
from .memory import available
from .memory.capacity import gpus

WORKING_SET_BYTES = 512 * 1024**2  # of all processes together; no processor's caches hold it
MOST_PROCESSES = 32
ROUNDS, ROUND_SECONDS = 5, 0.3
ANSWER = struct.Struct("<d")


class BandwidthUnmeasured(LabError):
    """The probe could not run, or one of its processes ended early."""


@dataclass(frozen=True)
class Bandwidth:
    """Bytes read and bytes written, per second, of the best round: whatever disturbs a round only slows it."""

    bytes_per_second: int
    processes: int
    is_lower_bound: bool
    note: str


def measure(working_set_bytes: int = WORKING_SET_BYTES) -> Bandwidth:
    free_bytes = available()
    if free_bytes < 2 * working_set_bytes:
        raise BandwidthUnmeasured(
            f"Measuring the memory bandwidth takes {working_set_bytes} bytes, only {free_bytes} are available.",
            "unload the model first, or give the bandwidth in the inventory: lab_memory_bandwidth_bytes_per_second",
        )
    processes = min(MOST_PROCESSES, _processors())
    with ExitStack() as cleaning:
        copiers = []
        for _unused in range(processes):
            copiers.append(_Copier(working_set_bytes // processes // 2))
            cleaning.callback(copiers[-1].end)  # the last first: it holds ends of the pipes of those before it
        for copier in copiers:
            copier.answer()  # its memory is there
        rounds = []
        for _unused in range(ROUNDS):
            for copier in copiers:
                copier.go()
            rounds.append(sum(copier.answer() for copier in copiers))
    faster = [gpu["name"] for gpu in gpus()]
    note = "measured by copying memory with all processors"
    if faster:
        note += f"; {', '.join(faster)} may read faster than they do"
    return Bandwidth(int(max(rounds)), processes, bool(faster), note)


def _processors() -> int:
    """Those this process may use; macOS does not restrict them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Copier:
    """A process that copies memory for one round at each word. It ends by itself when this one does."""

    def __init__(self, block_bytes: int) -> None:
        words_out, self._words = os.pipe()
        self._answers, answers_in = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.close(self._words)
                os.close(self._answers)
                _copy(block_bytes, words_out, answers_in)
            finally:
                os._exit(0)
        os.close(words_out)
        os.close(answers_in)

    def go(self) -> None:
        try:
            os.write(self._words, b"g")
        except BrokenPipeError:
            pass  # its answer will be missing

    def answer(self) -> float:
        answer = os.read(self._answers, ANSWER.size)
        if len(answer) != ANSWER.size:
            raise BandwidthUnmeasured(
                "A process that measured the memory bandwidth ended early.",
                "look for it in the kernel's log, free memory and run again",
            )
        return float(ANSWER.unpack(answer)[0])

    def end(self) -> None:
        os.close(self._words)
        os.close(self._answers)
        os.waitpid(self._pid, 0)


def _copy(block_bytes: int, words: int, answers: int) -> None:
    source, target = memoryview(bytearray(block_bytes)), memoryview(bytearray(block_bytes))
    source[::4096] = b"\1" * len(source[::4096])  # a page that nobody wrote to is one shared page of zeros
    target[:] = source
    os.write(answers, ANSWER.pack(0))
    while os.read(words, 1):
        copied_bytes, began = 0, time.monotonic()
        seconds = 0.0
        while seconds < ROUND_SECONDS:
            target[:] = source
            copied_bytes += 2 * block_bytes
            seconds = time.monotonic() - began
        os.write(answers, ANSWER.pack(copied_bytes / seconds))
