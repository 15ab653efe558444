# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folders that can be written to begin as copies of what is mounted read-only; nothing gets back to the host."""

from __future__ import annotations

import os

from .words import ORIGIN, START, WORKSPACE


def fill() -> None:
    for place in (WORKSPACE, ORIGIN):
        if os.path.isdir(START + place):
            _copy(START + place, place)


def _copy(source: str, target: str) -> None:
    with os.scandir(source) as entries:
        for entry in entries:
            place = os.path.join(target, entry.name)
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), place)
            elif entry.is_dir():
                os.mkdir(place)
                _copy(entry.path, place)
            elif entry.is_file():
                _copy_file(entry.path, place)


def _copy_file(source: str, target: str) -> None:
    reading = os.open(source, os.O_RDONLY)
    try:
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, os.fstat(reading).st_mode & 0o777 | 0o200)
        try:
            while data := os.read(reading, 1 << 20):
                while data:
                    data = data[os.write(writing, data) :]
        finally:
            os.close(writing)
    finally:
        os.close(reading)
