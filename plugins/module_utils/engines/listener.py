# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens on a port of this host, and what its environment says: for what an engine's API does not tell."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import processes

LISTENING = "0A"
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


@dataclass(frozen=True)
class Listener:
    """`environment`: the variables that were asked for, None where they may not be read."""

    address: str
    pid: int
    environment: dict[str, str] | None


def listener(port: int, program: str, prefixes: tuple[str, ...]) -> Listener | None:
    """The process of this program that listens on the port, with what its environment says under these prefixes.

    None where there is none or the system does not tell.
    """
    addresses = {inode: address for table in TABLES for inode, address in _sockets(table, port)}
    for pid, _since, _name in processes.named((program,)) if addresses else ():
        for inode in _inodes(pid):
            if inode in addresses:
                return Listener(addresses[inode], pid, _environment(pid, prefixes))
    return None


def _sockets(table: str, port: int) -> Iterator[tuple[str, str]]:
    try:
        rows = Path(table).read_text().splitlines()[1:]
    except OSError:
        return
    for row in rows:
        fields = row.split()
        address, _colon, number = fields[1].partition(":")
        if fields[3] == LISTENING and int(number, 16) == port:
            yield fields[9], decoded(address)


def decoded(address: str) -> str:
    """An address of /proc/net/tcp: words of 32 bits, each in this machine's own order."""
    raw = bytes.fromhex(address)
    words = [raw[at : at + 4] for at in range(0, len(raw), 4)]
    whole = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    return str(ipaddress.ip_address(whole))


def _inodes(pid: int) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                target = os.readlink(entry)
                if target.startswith("socket:["):
                    yield target[8:-1]


def _environment(pid: int, prefixes: tuple[str, ...]) -> dict[str, str] | None:
    try:
        raw = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    pairs = (entry.partition("=") for entry in raw.decode(errors="replace").split("\0"))
    return {name: value for name, _equals, value in pairs if name.startswith(prefixes)}
